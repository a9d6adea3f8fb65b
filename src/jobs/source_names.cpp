#include "jobs/source_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "gradspace/error.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

/// A path's folders and its own name, from the last to the first.
std::vector<std::string> parts_of(const std::string& path) {
  if (path == "-") {
    return {"standard input"};
  }
  std::vector<std::string> parts;
  for (const fs::path& part : fs::absolute(path).lexically_normal().relative_path()) {
    if (!part.empty()) {  // as after a slash at the end
      parts.push_back(part.native());
    }
  }
  std::reverse(parts.begin(), parts.end());
  return parts.empty() ? std::vector<std::string>{"/"} : parts;
}

/// The last `count` parts, or all, as a path.
std::string name_of(const std::vector<std::string>& parts, std::size_t count) {
  const std::size_t taken = std::min(count, parts.size());
  std::string name;
  for (std::size_t i = taken; i-- > 0;) {
    name += parts[i] + (i > 0 ? "/" : "");
  }
  return name;
}

/// Takes more and more of each list's parts until no two are alike; the lists differ.
std::vector<std::string> shortest_names(const std::vector<std::vector<std::string>>& lists) {
  std::vector<std::size_t> counts(lists.size(), 1);
  std::vector<std::string> names(lists.size());
  for (bool all_differ = false; !all_differ;) {
    all_differ = true;
    for (std::size_t i = 0; i < lists.size(); ++i) {
      names[i] = name_of(lists[i], counts[i]);
    }
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (std::count(names.begin(), names.end(), names[i]) > 1) {
        ++counts[i];
        all_differ = false;
      }
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> names_of_sources(std::span<const std::string> paths, bool files_apart) {
  std::set<std::vector<std::string>> given;
  std::vector<std::vector<std::string>> folders;  // each once
  std::vector<std::size_t> folder_of;
  std::error_code ignored;
  for (const std::string& path : paths) {
    std::vector<std::string> parts = parts_of(path);
    if (!given.insert(parts).second) {
      throw InvalidArgument(fmt::format("evaluate: {} is given twice", path));
    }
    if (!files_apart && parts.size() > 1 && fs::exists(path, ignored) &&
        !fs::is_directory(path, ignored)) {
      parts.erase(parts.begin());
    }
    const auto found = std::find(folders.begin(), folders.end(), parts);
    folder_of.push_back(static_cast<std::size_t>(found - folders.begin()));
    if (found == folders.end()) {
      folders.push_back(std::move(parts));
    }
  }
  const std::vector<std::string> of_folder = shortest_names(folders);
  std::vector<std::string> names;
  for (const std::size_t folder : folder_of) {
    names.push_back(of_folder[folder]);
  }
  return names;
}

}  // namespace gradspace
