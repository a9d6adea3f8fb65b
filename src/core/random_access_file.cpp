#include "core/random_access_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

int open_for_reading(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO by mistake must not wait for its writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    throw IoError(fmt::format("{}: can't open: {}", path.string(), last_system_error()));
  }
  return descriptor;
}

}  // namespace

RandomAccessFile::RandomAccessFile(const std::filesystem::path& path)
    : RandomAccessFile(open_for_reading(path), path.string()) {}

RandomAccessFile::RandomAccessFile(int descriptor, std::string name)
    : descriptor_(descriptor), name_(std::move(name)) {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw IoError(fmt::format("{}: not a regular file", name_));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      name_(std::move(other.name_)) {}

RandomAccessFile& RandomAccessFile::operator=(RandomAccessFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  std::swap(name_, other.name_);
  return *this;
}

std::size_t RandomAccessFile::read_some(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw IoError(fmt::format("{}: can't read: {}", name_, last_system_error()));
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
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
