// Lists of shards, and what shards are called.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/csv_table.h"
#include "core/file.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

/// Whether the first line that says anything is a header with the column "uri".
bool has_header(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_blanks(text.substr(0, end));
    if (!line.empty() && line.front() != '#') {
      return line == "uri" || line.starts_with("uri,") || line.ends_with(",uri") ||
             line.find(",uri,") != std::string_view::npos;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

std::vector<Shard> shards_of_table(std::string_view text, const std::string& name) {
  CsvTable table(text, name);
  const std::size_t uri = table.column("uri");
  const std::optional<std::size_t> bytes = table.find_column("bytes");
  const std::optional<std::size_t> rows = table.find_column("rows");
  const std::optional<std::size_t> sha256 = table.find_column("sha256");
  const auto number = [&](std::optional<std::size_t> column) -> std::optional<std::uint64_t> {
    if (!column || table.text(*column).empty()) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(
        table.integer(*column, 0, std::numeric_limits<std::int64_t>::max()));
  };
  std::vector<Shard> shards;
  while (table.next()) {
    Shard& shard = shards.emplace_back();
    shard.uri = table.text(uri);
    shard.bytes = number(bytes);
    shard.rows = number(rows);
    shard.sha256 = sha256 ? table.text(*sha256) : std::string_view();
  }
  return shards;
}

std::vector<Shard> shards_of_lines(std::string_view text) {
  std::vector<Shard> shards;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_blanks(text.substr(0, end));
    if (!line.empty() && line.front() != '#') {
      shards.push_back({std::string(line)});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return shards;
}

}  // namespace

std::vector<Shard> read_shard_list(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  std::vector<Shard> shards =
      has_header(text) ? shards_of_table(text, file.string()) : shards_of_lines(text);
  if (shards.empty()) {
    throw FormatError(fmt::format("{}: lists no shard", file.string()));
  }
  return shards;
}

std::vector<std::string> shard_names(const std::vector<Shard>& shards) {
  const std::string first = shards.empty() ? std::string() : shards.front().uri;
  std::size_t same = first.size();
  for (const Shard& shard : shards) {
    const auto [ours, theirs] = std::ranges::mismatch(first, shard.uri);
    same = std::min(same, static_cast<std::size_t>(ours - first.begin()));
  }
  // Whole folders: up to the last '/' that is not the end of a name.
  const std::size_t slash = same == 0 ? std::string::npos : first.rfind('/', same - 1);
  const std::size_t cut = slash == std::string::npos ? 0 : slash + 1;
  std::vector<std::string> names;
  names.reserve(shards.size());
  for (const Shard& shard : shards) {
    names.push_back(shard.uri.substr(cut));
  }
  return names;
}

}  // namespace gradspace
