#include "jobs/folder_comparison/folder_names.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <system_error>

#include "gradspace/compare_folders.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
}

/// The last `count` parts of a path, or all that there are.
std::string last_parts(const fs::path& path, std::size_t count) {
  std::vector<std::string> parts;
  for (const fs::path& part : path) {
    parts.push_back(part.string());
  }
  fs::path end;
  for (std::size_t i = parts.size() - std::min(count, parts.size()); i < parts.size(); ++i) {
    end /= parts[i];
  }
  return end.string();
}

}  // namespace

fs::path tidy_folder(const fs::path& folder) {
  fs::path tidy = folder.lexically_normal();
  return tidy.has_filename() || !tidy.has_parent_path() ? tidy : tidy.parent_path();
}

std::string folder_identity(const fs::path& folder) {
  std::error_code unknown;
  const fs::path canonical = fs::weakly_canonical(fs::absolute(folder, unknown), unknown);
  return tidy_folder(unknown ? folder : canonical).string();
}

std::vector<std::string> folder_names(std::span<const fs::path> folders) {
  std::vector<std::size_t> parts(folders.size(), 1);
  std::vector<std::string> names(folders.size());
  for (std::size_t i = 0; i < folders.size(); ++i) {
    names[i] = last_parts(folders[i], 1);
    if (is_number(names[i])) {
      names[i] = last_parts(folders[i], ++parts[i]);
    }
  }
  for (bool grew = true; grew;) {
    grew = false;
    std::map<std::string, std::size_t> owners;
    for (const std::string& name : names) {
      ++owners[name];
    }
    for (std::size_t i = 0; i < folders.size(); ++i) {
      if (owners[names[i]] > 1) {
        std::string longer = last_parts(folders[i], ++parts[i]);
        grew = grew || longer != names[i];
        names[i] = std::move(longer);
      }
    }
  }
  return names;
}

std::string curve_of_folder(const std::string& name) {
  std::size_t begin = name.size();
  while (begin > 0 && (is_digit(name[begin - 1]) || name[begin - 1] == '.')) {
    --begin;
  }
  if (begin == name.size() || name.back() == '.' || name[begin] == '.') {
    return name;
  }
  while (begin > 0 && is_letter(name[begin - 1])) {
    --begin;
  }
  constexpr std::string_view kSeparators = "-_=/ ";
  const bool separated = begin > 1 && kSeparators.find(name[begin - 1]) != std::string_view::npos;
  return separated ? name.substr(0, begin - 1) : name;
}

}  // namespace gradspace
