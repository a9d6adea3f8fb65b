// Reading gzip files as a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/random_access_file.h"

namespace gradspace {

/// Whether the file begins as a gzip file does.
bool is_gzip(const RandomAccessFile& file);

/// No gzip file of `compressed` bytes can hold more than this (deflate's best is under 1032 : 1).
constexpr std::uint64_t max_inflated_size(std::uint64_t compressed) {
  return compressed * 1032;
}

/// Decompresses from the beginning on, several members as one stream. Not thread-safe.
class GzipReader {
 public:
  /// `file` must outlive it.
  explicit GzipReader(const RandomAccessFile& file);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Fills `bytes`; fewer only at the end of the data. Throws FormatError on damaged or truncated
  /// data, checksums included.
  std::size_t read(std::span<std::uint8_t> bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
