// Whole files in and out, with the errors a user can act on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/descriptor.h"

namespace gradspace {

/// The bytes of a regular file. Throws IoError, or FormatError when it is over `max_bytes`.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path,
                                    std::uint64_t max_bytes = std::uint64_t{1} << 32);

/// The same into a buffer that is used again and again.
void read_file(const std::filesystem::path& path, std::vector<std::uint8_t>& content,
               std::uint64_t max_bytes = std::uint64_t{1} << 32);

/// The first `bytes` bytes, or the whole file where it is shorter. Throws IoError.
std::vector<std::uint8_t> read_file_start(const std::filesystem::path& path, std::uint64_t bytes);

std::string read_text_file(const std::filesystem::path& path,
                           std::uint64_t max_bytes = std::uint64_t{1} << 28);

/// What a file that was committed survives.
enum class Survives {
  kKill,       ///< of the process: enough for what can be made again, and a thousand times faster
  kPowerLoss,  ///< of the machine: flushed to the disk first
};

/// A file that appears under its name only when it is whole: it is written beside the target and
/// renamed by `commit`; without `commit` it is removed.
class AtomicFile {
 public:
  /// Throws IoError when the folder can't be written.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::uint8_t> bytes);
  void write(std::string_view text);
  /// Renames. Throws IoError; then nothing of the target has changed.
  void commit(Survives survives = Survives::kPowerLoss);

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  Descriptor file_;
};

/// AtomicFile in one call.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                Survives survives = Survives::kPowerLoss);
void write_file(const std::filesystem::path& path, std::string_view text);

/// Makes a folder and those that it lies in, where they are missing. Throws IoError.
void make_folder(const std::filesystem::path& path);

/// "No such file or directory", for messages, from errno's present value.
std::string last_system_error();

}  // namespace gradspace
