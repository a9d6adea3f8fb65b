#include "opinions/any_case_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace::databases {

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

std::optional<std::string> AnyCaseFiles::find(std::string_view relative) {
  std::string wanted(relative);
  std::ranges::replace(wanted, '\\', '/');
  std::filesystem::path found;
  for (const std::filesystem::path& part : std::filesystem::path(wanted).lexically_normal()) {
    const std::string name = part.string();
    if (name == ".." || name == "." || part.is_absolute()) {
      found /= part;
      continue;
    }
    const Names& names = list(found.string());
    auto entry = names.exact.find(name);
    if (entry == names.exact.end()) {
      entry = names.lower.find(lower_case(name));
      if (entry == names.lower.end()) {
        return std::nullopt;
      }
    }
    found /= entry->second;
  }
  return found.empty() ? std::nullopt : std::optional(found.generic_string());
}

std::filesystem::path AnyCaseFiles::require(std::string_view relative) {
  if (const auto found = find(relative)) {
    return root_ / *found;
  }
  throw IoError(fmt::format("{}: there is no {}", root_.string(), printable(relative)));
}

const AnyCaseFiles::Names& AnyCaseFiles::list(const std::string& folder) {
  const auto [entry, is_new] = folders_.try_emplace(folder);
  Names& names = entry->second;
  if (is_new) {
    std::error_code error;
    for (std::filesystem::directory_iterator file(root_ / folder, error), end;
         !error && file != end; file.increment(error)) {
      const std::string name = file->path().filename().string();
      names.exact.emplace(name, name);
    }
    for (const auto& [name, same] : names.exact) {
      names.lower.emplace(lower_case(name), name);  // the first stays
    }
  }
  return names;
}

}  // namespace gradspace::databases
