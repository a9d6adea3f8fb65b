// Lists of image files: a path a line (.txt, .lst), a table with the column `path` (.csv), or an object a line
// (.jsonl).
#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/csv_table.h"
#include "core/file.h"
#include "core/json.h"
#include "data/source_format.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

struct Listed {
  std::string path;
  std::string set = {};
  int object_class = -1;
};

/// A path as it is shown, and as what is made of its image is called below a folder: it leads out of none.
std::string shown_path(const std::string& path) {
  fs::path shown;
  for (const fs::path& part : fs::path(path).lexically_normal().relative_path()) {
    if (part != "..") {
      shown /= part;
    }
  }
  return shown.native();
}

std::vector<Listed> lines_of(std::string_view text) {
  std::vector<Listed> list;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (!line.empty()) {
      list.push_back({std::string(line)});
    }
  }
  return list;
}

std::vector<Listed> rows_of(std::string_view text, const std::string& name) {
  CsvTable table(text, name);
  const std::size_t path = table.column("path");
  const std::optional<std::size_t> set = table.find_column("set");
  std::optional<std::size_t> object_class = table.find_column("class");
  std::vector<Listed> list;
  while (table.next()) {
    Listed item{std::string(table.text(path)), set ? std::string(table.text(*set)) : ""};
    if (object_class && !table.text(*object_class).empty()) {
      item.object_class =
          static_cast<int>(table.integer(*object_class, -1, std::numeric_limits<int>::max()));
    }
    list.push_back(std::move(item));
  }
  return list;
}

std::vector<Listed> objects_of(std::string_view text, const std::string& name) {
  std::vector<Listed> list;
  std::size_t line = 0;
  for (const Listed& row : lines_of(text)) {
    const std::string where = fmt::format("{}: object {}", name, ++line);
    const nlohmann::json object = parse_json(row.path, where);
    if (!object.is_object() || !object.contains("path") || !object["path"].is_string()) {
      throw FormatError(fmt::format("{}: has no \"path\"", where));
    }
    Listed item{object["path"].get<std::string>()};
    if (object.contains("set") && object["set"].is_string()) {
      item.set = object["set"].get<std::string>();
    }
    if (object.contains("class") && !object["class"].is_null()) {
      item.object_class = static_cast<int>(
          integer_within(object["class"], -1, std::numeric_limits<int>::max(), where + ": class"));
    }
    list.push_back(std::move(item));
  }
  return list;
}

class ListSource final : public Source {
 public:
  explicit ListSource(const fs::path& file) : root_(file.parent_path()) {
    const std::string text = read_text_file(file);
    const std::string extension = file.extension().native();
    list_ = extension == ".csv"     ? rows_of(text, file.native())
            : extension == ".jsonl" ? objects_of(text, file.native())
                                    : lines_of(text);
    if (list_.empty()) {
      throw FormatError(fmt::format("{}: lists no image", file.native()));
    }
    for (std::size_t i = 0; i < list_.size(); ++i) {
      const std::string& path = list_[i].path;
      if (path.empty() || path.find('\0') != std::string::npos || shown_path(path).empty()) {
        throw FormatError(fmt::format("{}: image {}: no path of a file", file.native(), i + 1));
      }
    }
  }

  SourceKind kind() const override { return SourceKind::kList; }
  std::size_t size() const override { return list_.size(); }
  ImageInfo info(std::size_t i) const override {
    const Listed& item = list_[i];
    ImageInfo info;
    info.path = shown_path(item.path);
    info.set = item.set;
    info.object_class = item.object_class;
    if (const auto name = CureTsrName::parse(info.path)) {
      info.challenge = name->challenge;
      info.level = name->level;
      info.object_class = item.object_class >= 0 ? item.object_class : name->sign;
    }
    return info;
  }
  Image load(std::size_t i) const override { return read_image(root_ / list_[i].path); }
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override {
    reader.read(root_ / list_[i].path, out_hwc);
  }
  std::vector<fs::path> files(std::size_t i) const override { return {root_ / list_[i].path}; }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  fs::path root_;
  std::vector<Listed> list_;
};

/// By the extension; a .txt whose first line names no image, and a .csv without the column, are something else.
bool looks_as_list(const fs::path& path, const RandomAccessFile& file) {
  const std::string extension = path.extension().native();
  if (extension != ".txt" && extension != ".csv") {
    return extension == ".lst" || extension == ".jsonl";
  }
  std::string begin(4096, '\0');
  begin.resize(file.read_some(0, {reinterpret_cast<std::uint8_t*>(begin.data()), begin.size()}));
  const std::vector<Listed> lines = lines_of(begin);
  return !lines.empty() &&
         (extension == ".csv" ? lines.front().path.find("path") != std::string::npos
                              : has_image_extension(lines.front().path));
}

}  // namespace

SourceFormat list_format() {
  return {"list", SourceKind::kList, &looks_as_list, [](const fs::path&) { return false; },
          [](const fs::path& path) -> std::unique_ptr<Source> {
            return std::make_unique<ListSource>(path);
          }};
}

}  // namespace gradspace
