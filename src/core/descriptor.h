// File descriptors: closed with their owner, read and written to the end whatever interrupts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace gradspace {

/// Owns a file descriptor; one under 0 is none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }

  int get() const { return value_; }
  explicit operator bool() const { return value_ >= 0; }
  /// Gives the descriptor up: the caller closes it.
  int release() { return std::exchange(value_, -1); }

 private:
  int value_ = -1;
};

/// A regular file, or a pipe, that is open for reading.
struct Input {
  Descriptor file;
  bool is_pipe = false;
  std::uint64_t size = 0;  ///< of a regular file
  /// Of a pipe, a descriptor: once it can be read, the pipe is taken to have ended, and until then it is waited for
  /// without limit. -1 = none.
  int stop = -1;
};

/// Opens a regular file or a pipe; never waits for a writer. Throws IoError, also for folders and devices.
Input open_input(const std::filesystem::path& path);

/// Opens a file for reading. Throws IoError, also for what is not a regular file.
Descriptor open_to_read(const std::filesystem::path& path);

/// The size of the file behind a descriptor. Throws IoError for what is not a regular file; `name` stands
/// in messages.
std::uint64_t size_of_file(const Descriptor& file, const std::string& name);

/// Fills `bytes` from `offset` on; fewer only at the end of the file. Returns how many. Throws IoError.
std::size_t read_at(const Descriptor& file, std::uint64_t offset, std::span<std::uint8_t> bytes,
                    const std::string& name);

/// What comes through a pipe next, waiting for it: 0 = the end. Throws IoError, also when nothing comes for a
/// minute or a signal comes first.
std::size_t read_from_pipe(const Descriptor& pipe, std::span<std::uint8_t> bytes,
                           const std::string& name);

/// The same of an input that is a pipe, which may have a descriptor that ends it.
std::size_t read_from_pipe(const Input& input, std::span<std::uint8_t> bytes,
                           const std::string& name);

/// Writes all bytes, at `offset` or where the file's position is. Throws IoError.
void write_all(const Descriptor& file, std::span<const std::uint8_t> bytes, const std::string& name,
               std::optional<std::uint64_t> offset = std::nullopt);

}  // namespace gradspace
