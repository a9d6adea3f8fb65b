// What tells whether the images of a source are the same as at an earlier time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "gradspace/source.h"

namespace gradspace {

/// What the file system tells of a file without reading it; all zero where it tells nothing.
struct FileState {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  ///< its content
  std::int64_t changed_ns = 0;   ///< anything of it; nobody can set this
  std::uint64_t number = 0;      ///< of the file on its device

  friend bool operator==(const FileState&, const FileState&) = default;
  std::string text() const;
};

FileState file_state(const std::filesystem::path& file);

/// Contents of files, each read once as long as the file's state stays. What is known is kept in a file, so that
/// a later process need not read what has not changed. Not thread-safe.
class KnownContents {
 public:
  /// Takes up what an earlier process knew, where `file` holds that.
  explicit KnownContents(std::filesystem::path file);

  /// A checksum of the file's content; 0 where it can't be read.
  std::uint64_t content_of(const std::filesystem::path& file);

  /// Writes what is known, where there is anything new. Throws IoError.
  void save();

 private:
  struct Known {
    FileState state;
    std::uint64_t content = 0;
  };
  void take_up();

  std::filesystem::path file_;
  std::map<std::string, Known> known_;
  bool changed_ = false;
};

/// SHA-256 over the paths of a source's images and the contents of the files that they lie in. Neither the time of
/// a file counts, nor where the source lies, nor what is passed over.
std::string content_identity(const Source& source, KnownContents& contents);

}  // namespace gradspace
