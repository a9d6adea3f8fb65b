#include "core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

/// What becomes of a file that is longer than the limit.
enum class Excess { kRefuse, kLeave };

/// Makes `content` (of bytes or characters) the file's content.
template <typename Container>
void read_content(const std::filesystem::path& path, std::uint64_t max_bytes, Excess excess,
                  Container& content) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    throw IoError(fmt::format("{}: can't open: {}", path.string(), last_system_error()));
  }
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw IoError(fmt::format("{}: not a regular file", path.string()));
  }
  const auto file_size = static_cast<std::uint64_t>(status.st_size);
  if (file_size > max_bytes && excess == Excess::kRefuse) {
    throw FormatError(
        fmt::format("{}: {} bytes, more than the {} allowed", path.string(), file_size, max_bytes));
  }
  const std::uint64_t size = std::min(file_size, max_bytes);
  content.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(file.get(), content.data() + done, size - done);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw IoError(fmt::format("{}: can't read: {}", path.string(), last_system_error()));
    }
    if (got == 0) {  // it shrank under us
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
}

std::filesystem::path temporary_name(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  std::filesystem::path name = target;
  name += fmt::format(".tmp-{}-{}", ::getpid(), counter++);
  return name;
}

}  // namespace

std::string last_system_error() {
  return std::generic_category().message(errno);
}

std::vector<std::uint8_t> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  std::vector<std::uint8_t> content;
  read_content(path, max_bytes, Excess::kRefuse, content);
  return content;
}

void read_file(const std::filesystem::path& path, std::vector<std::uint8_t>& content,
               std::uint64_t max_bytes) {
  read_content(path, max_bytes, Excess::kRefuse, content);
}

std::vector<std::uint8_t> read_file_start(const std::filesystem::path& path, std::uint64_t bytes) {
  std::vector<std::uint8_t> content;
  read_content(path, bytes, Excess::kLeave, content);
  return content;
}

std::string read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  std::string content;
  read_content(path, max_bytes, Excess::kRefuse, content);
  return content;
}

AtomicFile::AtomicFile(std::filesystem::path target)
    : target_(std::move(target)), temporary_(temporary_name(target_)) {
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    throw IoError(fmt::format("{}: can't write: {}", target_.string(), last_system_error()));
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::write(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(descriptor_, bytes.data(), bytes.size());
    if (wrote < 0) {
      if (errno == EINTR) {
        continue;
      }
      throw IoError(fmt::format("{}: can't write: {}", target_.string(), last_system_error()));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
}

void AtomicFile::write(std::string_view text) {
  write(bytes_of(text));
}

void AtomicFile::commit(Survives survives) {
  const bool flushed = survives == Survives::kKill || ::fsync(descriptor_) == 0;
  const std::string reason = flushed ? std::string() : last_system_error();
  const bool closed = ::close(std::exchange(descriptor_, -1)) == 0;
  if (flushed && closed && ::rename(temporary_.c_str(), target_.c_str()) == 0) {
    return;
  }
  const std::string why = reason.empty() ? last_system_error() : reason;
  ::unlink(temporary_.c_str());
  throw IoError(fmt::format("{}: can't write: {}", target_.string(), why));
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                Survives survives) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit(survives);
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw IoError(fmt::format("{}: can't make the folder: {}", folder.string(), error.message()));
  }
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace gradspace
