// What a challenge is given, and what its file may need: a parameter by level, lengths relative to the
// image. The challenges themselves are declared by the registry's list (registry.cpp).
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
  bool post_production;
};

/// A parameter by level.
template <class T>
using ByLevel = std::array<T, static_cast<std::size_t>(kLevels)>;

template <class T>
T at_level(const ByLevel<T>& values, const Request& request) {
  return values[static_cast<std::size_t>(request.level - 1)];
}

/// The length every size is relative to: the shorter side, in pixels.
inline float side_px(const Image& image) {
  return static_cast<float>(image.width() < image.height() ? image.width() : image.height());
}

/// How many squares of the shorter side the image holds: what numbers of drops are relative to.
inline float squares(const Image& image) {
  return static_cast<float>(image.width()) * static_cast<float>(image.height()) /
         (side_px(image) * side_px(image));
}

}  // namespace gradspace::challenge
