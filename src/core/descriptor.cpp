#include "core/descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// So long a pipe may be silent. Whoever asked the work to stop waits no longer for a writer that sleeps.
constexpr int kPipePatienceMs = 60'000;

[[noreturn]] void throw_not_regular(mode_t mode, const std::string& name) {
  const char* const kind = S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a pipe" : "a device";
  throw IoError(fmt::format("{}: is {}, not a regular file", name, kind));
}

}  // namespace

Descriptor::~Descriptor() {
  if (value_ >= 0) {
    ::close(value_);
  }
}

Input open_input(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  Input input{Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY))};
  if (!input.file) {
    throw IoError(fmt::format("{}: can't open: {}", path.native(), last_system_error()));
  }
  struct stat status = {};
  const bool known = ::fstat(input.file.get(), &status) == 0;
  input.is_pipe = known && S_ISFIFO(status.st_mode);
  if (!input.is_pipe && !(known && S_ISREG(status.st_mode))) {
    throw_not_regular(status.st_mode, path.native());
  }
  input.size = static_cast<std::uint64_t>(status.st_size);
  return input;
}

Descriptor open_to_read(const std::filesystem::path& path) {
  Input input = open_input(path);
  if (input.is_pipe) {
    throw_not_regular(S_IFIFO, path.native());
  }
  return std::move(input.file);
}

std::uint64_t size_of_file(const Descriptor& file, const std::string& name) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw_not_regular(status.st_mode, name);
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

std::size_t read_from_pipe(const Descriptor& pipe, std::span<std::uint8_t> bytes,
                           const std::string& name) {
  while (true) {
    const ssize_t got = ::read(pipe.get(), bytes.data(), bytes.size());
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (errno != EAGAIN && errno != EINTR) {
      throw IoError(fmt::format("{}: can't read: {}", name, last_system_error()));
    }
    pollfd wanted = {pipe.get(), POLLIN, 0};
    const int ready = ::poll(&wanted, 1, kPipePatienceMs);
    if (ready == 0) {
      throw IoError(fmt::format("{}: no byte came through this pipe for {} seconds", name,
                                kPipePatienceMs / 1000));
    }
    if (ready < 0) {  // a signal, which may want all to end
      throw IoError(fmt::format("{}: can't read: {}", name, last_system_error()));
    }
  }
}

std::size_t read_from_pipe(const Input& input, std::span<std::uint8_t> bytes,
                           const std::string& name) {
  if (input.stop < 0) {
    return read_from_pipe(input.file, bytes, name);
  }
  for (;;) {
    std::array<pollfd, 2> wanted = {{{input.file.get(), POLLIN, 0}, {input.stop, POLLIN, 0}}};
    if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) {
      throw IoError(fmt::format("{}: can't read: {}", name, last_system_error()));
    }
    if (wanted[1].revents != 0) {
      return 0;
    }
    const ssize_t got =
        wanted[0].revents != 0 ? ::read(input.file.get(), bytes.data(), bytes.size()) : -1;
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (wanted[0].revents != 0 && errno != EAGAIN && errno != EINTR) {
      throw IoError(fmt::format("{}: can't read: {}", name, last_system_error()));
    }
  }
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
