#include "core/mapped_file.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include "core/descriptor.h"
#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace {

MappedFile::MappedFile(const std::filesystem::path& path) : name_(path.string()) {
  const Descriptor file = open_to_read(path);  // the mapping outlives it
  size_ = static_cast<std::size_t>(size_of_file(file, name_));
  if (size_ > 0) {
    void* const address = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
    if (address == MAP_FAILED) {
      throw IoError(fmt::format("{}: can't map: {}", name_, last_system_error()));
    }
    data_ = static_cast<const std::uint8_t*>(address);
  }
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::uint8_t*>(data_), size_);
  }
}

}  // namespace gradspace
