#include "core/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

std::filesystem::path temporary_folder() {
  std::error_code unusable;
  std::filesystem::path folder = std::filesystem::temp_directory_path(unusable);
  if (unusable) {
    throw IoError(
        fmt::format("the temporary folder ($TMPDIR) can't be used: {}", unusable.message()));
  }
  return folder;
}

}  // namespace

TemporaryFile::TemporaryFile()
    : folder_(temporary_folder()),
      file_(::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {
  if (!file_) {  // not every file system has O_TMPFILE
    std::string name = (folder_ / "gradspace-XXXXXX").string();
    file_ = Descriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (!file_) {
      throw IoError(fmt::format("{}: can't make a temporary file: {}", folder_.string(),
                                last_system_error()));
    }
    ::unlink(name.c_str());
  }
}

TemporaryFile::~TemporaryFile() {
  if (!mapped_.empty()) {
    ::munmap(mapped_.data(), mapped_.size());
  }
}

void TemporaryFile::append(std::span<const std::uint8_t> bytes) {
  write_all(file_, bytes, folder_.string() + ": a temporary file");
}

RandomAccessFile TemporaryFile::release(std::string name) {
  return {std::move(file_), std::move(name)};
}

std::span<std::uint8_t> TemporaryFile::map(std::size_t size, const std::string& what) {
  assert(mapped_.empty());
  // Reserved at once: a disk that fills up later would end the process by a signal.
  int error = EINTR;
  while (error == EINTR) {
    error = ::posix_fallocate(file_.get(), 0, static_cast<off_t>(size));
  }
  if (error == 0) {
    void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    if (address != MAP_FAILED) {
      mapped_ = {static_cast<std::uint8_t*>(address), size};
      return mapped_;
    }
    error = errno;
  }
  errno = error;
  throw IoError(fmt::format("{}: no room for {} bytes of {}: {}", folder_.string(), size, what,
                            last_system_error()));
}

}  // namespace gradspace
