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

/// The bytes of a regular file, or of a pipe, read to its end. Throws IoError, or FormatError when it is over
/// `max_bytes` (a pipe over 256 MiB).
std::vector<std::uint8_t> read_file(const std::filesystem::path& path,
                                    std::uint64_t max_bytes = std::uint64_t{1} << 32);

/// The same into a buffer that is used again and again.
void read_file(const std::filesystem::path& path, std::vector<std::uint8_t>& content,
               std::uint64_t max_bytes = std::uint64_t{1} << 32);

/// The first `bytes` bytes of a regular file, or the whole file where it is shorter. Throws IoError, also for a
/// pipe, which can't be read again.
std::vector<std::uint8_t> read_file_start(const std::filesystem::path& path, std::uint64_t bytes);

std::string read_text_file(const std::filesystem::path& path,
                           std::uint64_t max_bytes = std::uint64_t{1} << 28);

/// What a file that was committed survives.
enum class Survives {
  kKill,       ///< of the process: enough for what can be made again, and a thousand times faster
  kPowerLoss,  ///< of the machine: flushed to the disk first
};

/// A file that appears under its name only when it is whole: it is written beside the target, under a name
/// that begins with ".gradspace.tmp-", and renamed by `commit`; without `commit` it is removed. Symbolic
/// links are followed, and a file that is replaced keeps its mode. To a pipe or a character device bytes go
/// as they are written. What writers that were killed left in the folder is swept.
class AtomicFile {
 public:
  /// Throws IoError when the folder can't be written, the target is a folder, a socket or a block device,
  /// or nobody reads from the pipe.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::uint8_t> bytes);
  void write(std::string_view text);
  /// Renames. Throws IoError; then nothing of the target has changed.
  void commit(Survives survives = Survives::kPowerLoss);

 private:
  /// Makes the unfinished file in the folder of `file`, which is the target with its links followed.
  void begin_beside(const std::filesystem::path& file, unsigned mode);
  bool put_in_place() const;
  void remove_unfinished();

  std::filesystem::path target_;  ///< as it was named
  std::filesystem::path folder_;
  std::string name_;       ///< in the folder
  std::string temporary_;  ///< in the folder, until then; empty for a pipe or device
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
