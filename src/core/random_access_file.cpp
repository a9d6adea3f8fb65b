#include "core/random_access_file.h"

#include <fmt/format.h>

#include <utility>

#include "gradspace/error.h"

namespace gradspace {

RandomAccessFile::RandomAccessFile(const std::filesystem::path& path)
    : RandomAccessFile(open_to_read(path), path.string()) {}

RandomAccessFile::RandomAccessFile(Descriptor file, std::string name)
    : file_(std::move(file)), size_(size_of_file(file_, name)), name_(std::move(name)) {}

std::size_t RandomAccessFile::read_some(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  return read_at(file_, offset, bytes, name_);
}

void RandomAccessFile::read_exactly(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  const std::size_t got = read_some(offset, bytes);
  if (got != bytes.size()) {
    throw FormatError(
        fmt::format("{}: truncated: ends at byte {}, but {} bytes from {} on are wanted", name_,
                    offset + got, bytes.size(), offset));
  }
}

}  // namespace gradspace
