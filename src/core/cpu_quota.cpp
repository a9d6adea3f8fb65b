#include "core/cpu_quota.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace gradspace {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

/// "QUOTA PERIOD" in microseconds; "max" or -1 is no quota.
std::optional<double> quota_of_words(const std::string& words) {
  std::istringstream stream(words);
  double quota = 0;
  double period = 0;
  if (stream >> quota >> period && quota > 0 && period > 0) {
    return quota / period;
  }
  return std::nullopt;
}

std::optional<double> quota_in_folder(const fs::path& folder, bool second_version) {
  return quota_of_words(second_version ? first_line(folder / "cpu.max")
                                       : first_line(folder / "cpu.cfs_quota_us") + ' ' +
                                             first_line(folder / "cpu.cfs_period_us"));
}

/// The least quota of the group and of all groups above it. A container may see its own group as the
/// mount's root, where the group's path leads nowhere: the root is looked at in any case.
std::optional<double> least_quota(const fs::path& mount, fs::path group, bool second_version) {
  std::optional<double> least;
  for (group = group.relative_path();; group = group.parent_path()) {
    if (const auto quota = quota_in_folder(mount / group, second_version)) {
      least = std::min(least.value_or(*quota), *quota);
    }
    if (group.empty()) {
      return least;
    }
  }
}

/// Whether "cpu" is among the names between commas.
bool names_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == "cpu") {
      return true;
    }
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

}  // namespace

std::optional<double> cpu_quota(std::string_view groups, const fs::path& mount) {
  std::optional<double> least;
  std::istringstream lines{std::string(groups)};
  for (std::string line; std::getline(lines, line);) {  // "NUMBER:CONTROLLERS:GROUP"
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool second_version = controllers.empty();
    if (!second_version && !names_cpu(controllers)) {
      continue;
    }
    const fs::path root = second_version ? mount : mount / controllers;
    if (const auto quota = least_quota(root, line.substr(second + 1), second_version)) {
      least = std::min(least.value_or(*quota), *quota);
    }
  }
  return least;
}

}  // namespace gradspace
