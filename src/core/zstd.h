// Zstandard files, read and written as streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "core/random_access_file.h"

namespace gradspace {

/// Whether the file begins as a Zstandard file does: with a frame, or with one that is to be skipped.
bool is_zstd(const RandomAccessFile& file);

/// The most that is taken out of a Zstandard file of `compressed` bytes: as much as gzip's best ratio gives, or 256 MiB
/// of a small file. The format itself would let a few bytes stand for gigabytes of zeros.
constexpr std::uint64_t max_zstd_size(std::uint64_t compressed) {
  constexpr std::uint64_t kOfAnyFile = std::uint64_t{256} << 20;
  constexpr std::uint64_t kRatio = 1032;
  const std::uint64_t by_ratio =
      compressed > UINT64_MAX / kRatio ? UINT64_MAX : compressed * kRatio;
  return by_ratio < kOfAnyFile ? kOfAnyFile : by_ratio;
}

/// Decompresses from the beginning on, several frames as one stream. Takes at most 128 MiB of memory, whatever the file
/// asks for. Not thread-safe.
class ZstdReader {
 public:
  /// `file` must outlive it.
  explicit ZstdReader(const RandomAccessFile& file);
  ~ZstdReader();
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;

  /// Fills `bytes`; fewer only at the end of the data. Throws FormatError on damaged or truncated data, checksums
  /// included, on data that ask for more memory, and on more data than `max_zstd_size`.
  std::size_t read(std::span<std::uint8_t> bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Compresses to one frame with a checksum. Not thread-safe.
class ZstdCompressor {
 public:
  using Sink = std::function<void(std::span<const std::uint8_t>)>;

  /// `sink` gets the frame's bytes, piece by piece.
  explicit ZstdCompressor(Sink sink);
  ~ZstdCompressor();
  ZstdCompressor(const ZstdCompressor&) = delete;
  ZstdCompressor& operator=(const ZstdCompressor&) = delete;

  /// Throw what the sink does.
  void write(std::string_view text);
  /// Ends the frame; call it once, last.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
