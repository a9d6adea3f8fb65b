// Small data sets that the tests of sources write for themselves.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/file.h"
#include "gradspace/image.h"
#include "gradspace/source.h"

namespace gradspace::testing {

using Bytes = std::vector<std::uint8_t>;

/// A picture of one colour; its folder is made.
inline void write_picture(const std::filesystem::path& path, std::uint8_t value = 100,
                          int side = 3) {
  std::filesystem::create_directories(path.parent_path());
  const auto size = static_cast<std::size_t>(3 * side * side);
  write_image(path, Image(side, side, 3, Bytes(size, value)));
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  write_file(path, text);
}

inline std::vector<std::string> paths_of(const Source& source) {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < source.size(); ++i) {
    paths.push_back(source.info(i).path);
  }
  return paths;
}

/// What load_fitted promises to equal.
inline Bytes fitted(const Image& image, int width, int height, int channels) {
  const Image resized =
      resize_bilinear(channels == 3 ? to_rgb(image) : to_grey(image), width, height);
  return {resized.pixels().begin(), resized.pixels().end()};
}

/// All images of a source by `load_fitted`, of several sizes and both numbers of channels, are those of
/// `load`.
inline void expect_fitted_as_loaded(const Source& source) {
  for (const int channels : {1, 3}) {
    for (const int side : {2, 28, 45}) {
      FixedSizeReader reader(side, side + 1, channels);
      Bytes out(reader.size());
      for (std::size_t i = 0; i < source.size(); ++i) {
        source.load_fitted(i, reader, out);
        EXPECT_EQ(out, fitted(source.load(i), side, side + 1, channels)) << i;
      }
    }
  }
}

inline void append_big_endian(Bytes& bytes, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) {
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

/// An IDX file of bytes with the header that `shape` asks for, whatever `values` holds.
inline Bytes idx_bytes(const std::vector<std::uint32_t>& shape, const Bytes& values) {
  Bytes bytes = {0, 0, 8, static_cast<std::uint8_t>(shape.size())};
  for (const std::uint32_t extent : shape) {
    append_big_endian(bytes, extent);
  }
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

/// 0, 1, 2, ... modulo 251.
inline Bytes counting_bytes(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i % 251);
  }
  return bytes;
}

/// One frame with a checksum.
inline Bytes zstd(const Bytes& plain) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  Bytes packed(ZSTD_compressBound(plain.size()));
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), plain.data(), plain.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

inline Bytes gzip(std::span<const std::uint8_t> plain) {
  z_stream stream = {};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  Bytes packed(deflateBound(&stream, plain.size()));
  Bytes input(plain.begin(), plain.end());
  stream.next_in = input.data();
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace gradspace::testing
