#include "image/heat_colour.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace gradspace {

Colour heat_colour(const HeatScale& scale, double level) {
  const double position = std::clamp(level, 0.0, 1.0) * static_cast<double>(scale.size() - 1);
  const std::size_t below = std::min(static_cast<std::size_t>(position), scale.size() - 2);
  const double part = position - static_cast<double>(below);
  Colour colour{};
  for (std::size_t c = 0; c < colour.size(); ++c) {
    colour[c] = (1 - part) * scale[below][c] + part * scale[below + 1][c];
  }
  return colour;
}

std::array<std::uint8_t, 3> to_bytes(const Colour& colour) {
  std::array<std::uint8_t, 3> bytes{};
  for (std::size_t c = 0; c < colour.size(); ++c) {
    bytes[c] = static_cast<std::uint8_t>(std::lround(std::clamp(colour[c], 0.0, 255.0)));
  }
  return bytes;
}

}  // namespace gradspace
