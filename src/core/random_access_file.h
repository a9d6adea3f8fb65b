// A file that any number of threads read at any offset.
//
// Read calls rather than a memory map: a file that shrinks under us gives an error, not a signal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/descriptor.h"

namespace gradspace {

class RandomAccessFile {
 public:
  /// Throws IoError; also for what is not a regular file.
  explicit RandomAccessFile(const std::filesystem::path& path);
  /// `name` stands in messages.
  RandomAccessFile(Descriptor file, std::string name);

  /// When it was opened.
  std::uint64_t size() const { return size_; }
  const std::string& name() const { return name_; }

  /// Fills `bytes` from `offset` on; fewer only at the end of the file. Returns how many.
  std::size_t read_some(std::uint64_t offset, std::span<std::uint8_t> bytes) const;
  /// The same, but throws FormatError when the file ends before `bytes` is full.
  void read_exactly(std::uint64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  Descriptor file_;
  std::uint64_t size_ = 0;
  std::string name_;
};

}  // namespace gradspace
