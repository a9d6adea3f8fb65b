// Images and bytes that several tests need.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/image.h"

namespace gradspace::testing {

using ByteVector = std::vector<std::uint8_t>;

inline Image random_image(int width, int height, int channels, std::uint64_t seed) {
  Image image(width, height, channels);
  Random random(seed);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(256));
  }
  return image;
}

/// A smooth image, which compresses like a photograph.
inline Image gradient_image(int width, int height, int channels) {
  Image image(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const int value = (x * 255 / width + y * 128 / height + c * 40) % 256;
        image.row(y)[static_cast<std::size_t>(x * channels + c)] = static_cast<std::uint8_t>(value);
      }
    }
  }
  return image;
}

/// A .npy file of uint8, [H, W] or [H, W, 3], as numpy writes it. Enough for files of our own.
inline Image read_npy_image(const std::filesystem::path& path) {
  const ByteVector bytes = read_file(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t header_end = 10U + bytes.at(8) + 256U * bytes.at(9);
  const std::string header(text.substr(0, header_end));
  if (header.find("'descr': '|u1', 'fortran_order': False") == std::string::npos) {
    throw std::runtime_error(path.string() + ": not an array of bytes");
  }
  const char* shape = header.c_str() + header.find("'shape': (") + 10;
  std::vector<int> sides;
  while (*shape != ')' && *shape != '\0') {
    char* end = nullptr;
    sides.push_back(static_cast<int>(std::strtol(shape, &end, 10)));
    shape = end + std::string_view(end).find_first_not_of(", ");
  }
  return {sides.at(1), sides.at(0), sides.size() == 3 ? sides[2] : 1,
          ByteVector(bytes.begin() + static_cast<std::ptrdiff_t>(header_end), bytes.end())};
}

/// Bytes from text, zero bytes included.
inline ByteVector bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

inline ByteVector first_bytes(const ByteVector& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// Every proper beginning of a file is refused with a FormatError, or, where the bytes cut off are
/// padding, gives the same image; the shortest that is accepted is returned.
inline std::size_t shortest_accepted(const ByteVector& file) {
  const Image whole = decode_image(file, "whole");
  std::size_t shortest = file.size();
  for (std::size_t size = file.size(); size-- > 0;) {
    try {
      EXPECT_EQ(decode_image(first_bytes(file, size), "cut"), whole) << size << " bytes";
      shortest = size;
    } catch (const FormatError&) {  // as it should be
    }
  }
  return shortest;
}

}  // namespace gradspace::testing
