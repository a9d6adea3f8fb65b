// TensorBoard's event files: protocol buffers (tfevents.proto) in TFRecord frames.
//
// A frame: length (8 bytes, little-endian), masked CRC-32C of those 8 bytes, the message, its
// masked CRC-32C (4 bytes each). TensorBoard reads the files of a folder in the order of their
// names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "gradspace/image.h"

namespace gradspace {

/// CRC-32C, rotated right by 15 and shifted by a constant, as the frames hold it.
std::uint32_t masked_crc32c(std::span<const std::uint8_t> bytes);

/// One new file. Every event is in the file when the call returns, so that a running training can
/// be watched, and one that was killed leaves whole events.
class EventFile {
 public:
  /// Makes `folder` and a file events.out.tfevents.<seconds>.<host> in it; seconds are moved on
  /// when that name is taken. Throws IoError.
  explicit EventFile(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }

  /// Says that what earlier files hold of `step` and later is out of date.
  void session_start(std::int64_t step);
  void scalars(std::int64_t step, std::span<const std::pair<std::string, double>> values_by_tag);
  void image(std::int64_t step, const std::string& tag, const Image& image);

 private:
  void append_frame(const std::string& message);

  std::filesystem::path path_;
  Descriptor file_;
};

}  // namespace gradspace
