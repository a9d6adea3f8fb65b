// A temporary file without a name: it is gone when it is closed, however the process ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/random_access_file.h"

namespace gradspace {

/// Bytes are either appended and then read as a file, or laid out in a map: one file serves one of the
/// two.
class TemporaryFile {
 public:
  /// In the system's folder for temporary files ($TMPDIR). Throws IoError.
  TemporaryFile();
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  /// Throws IoError.
  void append(std::span<const std::uint8_t> bytes);
  /// What was appended, to be read; ends the writing.
  RandomAccessFile release(std::string name);

  /// `size` bytes to read and write, all zero, for as long as this object lives. They are reserved on the
  /// disk at once, and under pressure the kernel writes them out instead of running out of memory.
  /// Call once. Throws IoError; `what` names the bytes in its message.
  std::span<std::uint8_t> map(std::size_t size, const std::string& what);

 private:
  std::filesystem::path folder_;
  Descriptor file_;
  std::span<std::uint8_t> mapped_;
};

}  // namespace gradspace
