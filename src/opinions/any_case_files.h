// Files by names whose letter case can't be relied on: databases were made on other systems.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gradspace::databases {

/// ASCII only.
std::string lower_case(std::string_view text);

/// A folder whose files are found in any letter case. Folders are listed once.
class AnyCaseFiles {
 public:
  explicit AnyCaseFiles(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }

  /// The path below the root as it is spelled on the disk. `relative` is '/'-separated (backslashes
  /// count too) and may be absolute. A file of exactly that name comes first, then the bytewise least.
  std::optional<std::string> find(std::string_view relative);

  /// The same as a whole path. Throws IoError when it isn't there.
  std::filesystem::path require(std::string_view relative);

 private:
  struct Names {
    std::map<std::string, std::string> exact;  ///< to themselves
    std::map<std::string, std::string> lower;
  };

  const Names& list(const std::string& folder);

  std::filesystem::path root_;
  std::map<std::string, Names> folders_;
};

}  // namespace gradspace::databases
