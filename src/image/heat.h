// Colours that stand for numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace gradspace {

/// Red, green and blue, 0 to 255.
using Colour = std::array<double, 3>;

/// The colour at `share`, from 0 to 1, of the way along evenly spaced `stops`, of which there are two or
/// more.
inline Colour colour_along(std::span<const Colour> stops, double share) {
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
  const std::size_t below = std::min(static_cast<std::size_t>(place), stops.size() - 2);
  const double part = place - static_cast<double>(below);
  Colour colour{};
  for (std::size_t c = 0; c < colour.size(); ++c) {
    colour[c] = stops[below][c] + part * (stops[below + 1][c] - stops[below][c]);
  }
  return colour;
}

}  // namespace gradspace
