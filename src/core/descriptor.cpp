#include "core/descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace {

Descriptor::~Descriptor() {
  if (value_ >= 0) {
    ::close(value_);
  }
}

Descriptor open_to_read(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO by mistake must not wait for its writer.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    throw IoError(fmt::format("{}: can't open: {}", path.string(), last_system_error()));
  }
  size_of_file(file, path.string());
  return file;
}

std::uint64_t size_of_file(const Descriptor& file, const std::string& name) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw IoError(fmt::format("{}: not a regular file", name));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

std::size_t read_at(const Descriptor& file, std::uint64_t offset, std::span<std::uint8_t> bytes,
                    const std::string& name) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(file.get(), bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset + done));
    if (got == 0) {
      break;
    }
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      throw IoError(fmt::format("{}: can't read: {}", name, last_system_error()));
    }
  }
  return done;
}

void write_all(const Descriptor& file, std::span<const std::uint8_t> bytes, const std::string& name,
               std::optional<std::uint64_t> offset) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::span<const std::uint8_t> rest = bytes.subspan(done);
    const ssize_t wrote =
        offset ? ::pwrite(file.get(), rest.data(), rest.size(), static_cast<off_t>(*offset + done))
               : ::write(file.get(), rest.data(), rest.size());
    if (wrote >= 0) {
      done += static_cast<std::size_t>(wrote);
    } else if (errno != EINTR) {
      throw IoError(fmt::format("{}: can't write: {}", name, last_system_error()));
    }
  }
}

}  // namespace gradspace
