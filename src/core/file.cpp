#include "core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// What becomes of a file that is longer than the limit.
enum class Excess { kRefuse, kLeave };

/// Makes `content` (of bytes or characters) the file's content.
template <typename Container>
void read_content(const std::filesystem::path& path, std::uint64_t max_bytes, Excess excess,
                  Container& content) {
  const Descriptor file = open_to_read(path);
  const std::uint64_t file_size = size_of_file(file, path.string());
  if (file_size > max_bytes && excess == Excess::kRefuse) {
    throw FormatError(
        fmt::format("{}: {} bytes, more than the {} allowed", path.string(), file_size, max_bytes));
  }
  content.resize(std::min(file_size, max_bytes));
  const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(content.data()),
                                      content.size());
  content.resize(read_at(file, 0, bytes, path.string()));  // it may have shrunk under us
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

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    throw IoError(fmt::format("{}: can't make the folder: {}", path.string(), error.message()));
  }
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
    : target_(std::move(target)),
      temporary_(temporary_name(target_)),
      file_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
  if (!file_) {
    throw IoError(fmt::format("{}: can't write: {}", target_.string(), last_system_error()));
  }
}

AtomicFile::~AtomicFile() {
  if (file_) {
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::write(std::span<const std::uint8_t> bytes) {
  write_all(file_, bytes, target_.string());
}

void AtomicFile::write(std::string_view text) {
  write(bytes_of(text));
}

void AtomicFile::commit(Survives survives) {
  const bool flushed = survives == Survives::kKill || ::fsync(file_.get()) == 0;
  const std::string reason = flushed ? std::string() : last_system_error();
  const bool closed = ::close(file_.release()) == 0;
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

void write_file(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace gradspace
