#include "core/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

#include "gradspace/error.h"

namespace gradspace {
namespace {

/// A pipe's length is not known before its end, and memory is taken for all of it.
constexpr std::uint64_t kMostPipeBytes = std::uint64_t{1} << 28;

template <typename Container>
std::span<std::uint8_t> bytes_in(Container& content, std::size_t begin) {
  return {reinterpret_cast<std::uint8_t*>(content.data()) + begin, content.size() - begin};
}

template <typename Container>
void read_pipe(const Descriptor& pipe, const std::string& name, std::uint64_t max_bytes,
               Container& content) {
  constexpr std::size_t kFirst = std::size_t{1} << 16;
  const std::uint64_t most = std::min(max_bytes, kMostPipeBytes);
  std::size_t size = 0;
  content.resize(kFirst);
  while (const std::size_t got = read_from_pipe(pipe, bytes_in(content, size), name)) {
    size += got;
    if (size > most) {
      throw FormatError(
          fmt::format("{}: more than the {} bytes allowed come through this pipe", name, most));
    }
    if (size == content.size()) {
      content.resize(2 * size);
    }
  }
  content.resize(size);
  if (size == 0) {
    throw IoError(fmt::format("{}: nothing comes through this pipe", name));
  }
}

/// Makes `content` (of bytes or characters) the first `size` bytes of a regular file.
template <typename Container>
void read_beginning(const Descriptor& file, const std::string& name, std::uint64_t size,
                    Container& content) {
  content.resize(size);
  content.resize(read_at(file, 0, bytes_in(content, 0), name));  // it may have shrunk under us
}

/// Makes `content` all that a file or pipe holds.
template <typename Container>
void read_whole(const std::filesystem::path& path, std::uint64_t max_bytes, Container& content) {
  const std::string& name = path.native();
  const Input input = open_input(path);
  if (input.is_pipe) {
    return read_pipe(input.file, name, max_bytes, content);
  }
  if (input.size > max_bytes) {
    throw FormatError(
        fmt::format("{}: {} bytes, more than the {} allowed", name, input.size, max_bytes));
  }
  read_beginning(input.file, name, input.size, content);
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
  read_whole(path, max_bytes, content);
  return content;
}

void read_file(const std::filesystem::path& path, std::vector<std::uint8_t>& content,
               std::uint64_t max_bytes) {
  read_whole(path, max_bytes, content);
}

std::vector<std::uint8_t> read_file_start(const std::filesystem::path& path, std::uint64_t bytes) {
  std::vector<std::uint8_t> content;
  const Descriptor file = open_to_read(path);
  read_beginning(file, path.native(), std::min(size_of_file(file, path.native()), bytes), content);
  return content;
}

std::string read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  std::string content;
  read_whole(path, max_bytes, content);
  return content;
}

}  // namespace gradspace
