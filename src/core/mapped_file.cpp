#include "core/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace {

MappedFile::MappedFile(const std::filesystem::path& path) : name_(path.string()) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    throw IoError(fmt::format("{}: can't open: {}", name_, last_system_error()));
  }
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    throw IoError(fmt::format("{}: not a regular file", name_));
  }
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ > 0) {
    void* const address = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
    if (address == MAP_FAILED) {
      const std::string reason = last_system_error();
      ::close(descriptor);
      throw IoError(fmt::format("{}: can't map: {}", name_, reason));
    }
    data_ = static_cast<const std::uint8_t*>(address);
  }
  ::close(descriptor);  // the mapping holds the file
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::uint8_t*>(data_), size_);
  }
}

}  // namespace gradspace
