// A run of `challenge` that may be killed: what it leaves in its output folder until it is done, so that the
// same command can tell its own half-filled folder from any other.
#pragma once

#include <filesystem>
#include <string>

namespace gradspace::challenge {

/// The record of a run in its output folder, a hidden file. `identity` says all that the files depend on.
class UnfinishedRun {
 public:
  UnfinishedRun(const std::filesystem::path& folder, const std::string& identity);

  /// Whether the folder holds this run's record: it was begun and did not end.
  bool is_there() const;
  /// Writes the record, before the first file. Throws IoError.
  void begin() const;
  /// Removes the record: the folder is whole. Throws IoError.
  void end() const;

 private:
  std::filesystem::path path_;
  std::string text_;
};

}  // namespace gradspace::challenge
