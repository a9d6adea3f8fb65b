#include "core/output_path.h"

#include <fmt/format.h>

#include <climits>
#include <string>
#include <system_error>
#include <utility>

#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// As many as the kernel follows.
constexpr int kMostLinks = 40;

/// `text`, cut to at most `size` bytes, but never within a character of UTF-8.
std::string_view cut_text(std::string_view text, std::size_t size) {
  if (text.size() <= size) {
    return text;
  }
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  std::size_t end = size;
  while (end > 0 && size - end < 3 && continues(end)) {
    --end;
  }
  return text.substr(0, continues(end) ? size : end);  // the name was no UTF-8 at all
}

}  // namespace

std::filesystem::path follow_links(std::filesystem::path path) {
  const std::string named = path.string();
  for (int followed = 0; followed < kMostLinks; ++followed) {
    std::error_code no_link;
    const std::filesystem::path to = std::filesystem::read_symlink(path, no_link);
    if (no_link) {
      return path;
    }
    path = path.parent_path() / to;  // an absolute one replaces all before it
  }
  throw IoError(fmt::format("{}: can't write: its symbolic links lead in a circle", named));
}

std::filesystem::path path_with_suffix(const std::filesystem::path& path, std::string_view suffix) {
  const std::string name = path.filename().string();
  if (name.size() + suffix.size() <= NAME_MAX) {
    std::filesystem::path longer = path;
    longer += suffix;
    return longer;
  }
  const std::string mark = fmt::format("-{:016x}", hash_text(name));
  const std::size_t left = NAME_MAX - mark.size() - suffix.size();
  return path.parent_path() / fmt::format("{}{}{}", cut_text(name, left), mark, suffix);
}

}  // namespace gradspace
