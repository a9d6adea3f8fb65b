// Videos that tests make.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "core/random.h"

namespace gradspace::testing {

/// A file of YUV4MPEG2: its parameters, and the samples of each frame.
inline std::vector<std::uint8_t> y4m_file(std::string_view parameters,
                                          const std::vector<std::vector<std::uint8_t>>& frames) {
  const std::string head = "YUV4MPEG2 " + std::string(parameters) + "\n";
  std::vector<std::uint8_t> file(head.begin(), head.end());
  for (const std::vector<std::uint8_t>& frame : frames) {
    constexpr std::string_view kFrame = "FRAME\n";
    file.insert(file.end(), kFrame.begin(), kFrame.end());
    file.insert(file.end(), frame.begin(), frame.end());
  }
  return file;
}

/// Random samples of 8 bits in the limited range.
inline std::vector<std::uint8_t> random_samples(std::size_t count, std::uint64_t seed) {
  std::vector<std::uint8_t> samples(count);
  Random random(seed);
  for (std::uint8_t& sample : samples) {
    sample = static_cast<std::uint8_t>(16 + random.below(220));
  }
  return samples;
}

/// A frame of 4:2:0 that is all of one colour.
inline std::vector<std::uint8_t> plain_frame(int width, int height, std::uint8_t luma,
                                             std::uint8_t blue, std::uint8_t red) {
  const auto pixels = static_cast<std::size_t>(width * height);
  const auto chroma = static_cast<std::size_t>((width + 1) / 2 * ((height + 1) / 2));
  std::vector<std::uint8_t> frame(pixels, luma);
  frame.insert(frame.end(), chroma, blue);
  frame.insert(frame.end(), chroma, red);
  return frame;
}

}  // namespace gradspace::testing
