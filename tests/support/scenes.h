// Photographs of made scenes: rectangles and gradients with the texture of a sensor, as a camera would see them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/random.h"
#include "gradspace/image.h"

namespace gradspace::testing {

/// A picture of one of any number of scenes; views of one scene differ by a shift.
inline Image photograph_of_scene(int width, int height, std::uint64_t scene, int shift = 0) {
  Random random(scene);
  Image image(width, height, 3);
  const double slope = random.uniform(-60, 60);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const double value = 120 + slope * y / height + 6 * static_cast<double>(c);
        image.row(y)[static_cast<std::size_t>(x) * 3 + c] = static_cast<std::uint8_t>(value);
      }
    }
  }
  for (int k = 0; k < 40; ++k) {
    const int left = static_cast<int>(random.below(static_cast<std::uint64_t>(width))) + shift;
    const int top = static_cast<int>(random.below(static_cast<std::uint64_t>(height)));
    const int across = 4 + static_cast<int>(random.below(static_cast<std::uint64_t>(width) / 3));
    const int down = 4 + static_cast<int>(random.below(static_cast<std::uint64_t>(height) / 3));
    const double colour[3] = {random.uniform(20, 235), random.uniform(20, 235),
                              random.uniform(20, 235)};
    for (int y = top; y < std::min(top + down, height); ++y) {
      for (int x = std::max(left, 0); x < std::min(left + across, width); ++x) {
        for (std::size_t c = 0; c < 3; ++c) {
          image.row(y)[static_cast<std::size_t>(x) * 3 + c] = static_cast<std::uint8_t>(colour[c]);
        }
      }
    }
  }
  Random grain(scene + 1000 * static_cast<std::uint64_t>(shift) + 7);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(std::clamp(sample + 1.5 * grain.normal(), 0.0, 255.0));
  }
  return image;
}

}  // namespace gradspace::testing
