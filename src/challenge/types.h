// What a challenge is given, and what its file may need: a parameter by level, the length that sizes are
// relative to. The challenges themselves are declared by the registry's list (registry.cpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gradspace/challenge.h"
#include "gradspace/image.h"

namespace gradspace::challenge {

/// What a challenge is asked for; checked by `apply`.
struct Request {
  const Image& image;
  int level;  ///< 1 to kLevels
  std::uint64_t seed;
  Options options;

  bool in_pixels() const { return options.strength == Strength::kPixels; }
};

/// A parameter by level.
template <class T>
using ByLevel = std::array<T, static_cast<std::size_t>(kLevels)>;

template <class T>
T at_level(const ByLevel<T>& values, const Request& request) {
  return values[static_cast<std::size_t>(request.level - 1)];
}

/// The shorter side whose drops, flakes and dirt every image gets where sizes are in pixels. Rain is then 2 to 5
/// pixels wide, as in photographs of 640x480 pixels.
inline constexpr float kPixelsSide = 240.0F;

/// The length every size is relative to, in pixels: the shorter side.
inline float side_px(const Request& request) {
  const Image& image = request.image;
  return request.in_pixels()
             ? kPixelsSide
             : static_cast<float>(image.width() < image.height() ? image.width() : image.height());
}

}  // namespace gradspace::challenge
