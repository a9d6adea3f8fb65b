// Numbers as colours: the scales of heat in the pictures that people look at.
#pragma once

#include <array>
#include <cstdint>

namespace gradspace {

using Colour = std::array<double, 3>;  ///< RGB, 0 to 255

/// Colours at equal distances from nothing to the most. They grow lighter all the way, so that they can
/// be told apart without seeing hues.
using HeatScale = std::array<Colour, 5>;

/// Black, violet, orange, pale yellow: for maps of differences.
inline constexpr HeatScale kBlackToYellow{
    {{0, 0, 4}, {87, 16, 110}, {188, 55, 84}, {249, 142, 9}, {252, 255, 164}}};

/// Indigo, red, orange, pale yellow: for a veil over a picture in grey, where black would not show.
inline constexpr HeatScale kIndigoToYellow{
    {{20, 10, 60}, {120, 20, 110}, {220, 60, 60}, {250, 160, 30}, {255, 250, 180}}};

/// The colour at `level`, which is cut to [0, 1].
Colour heat_colour(const HeatScale& scale, double level);

/// A colour as three bytes, each cut to its range and rounded.
std::array<std::uint8_t, 3> to_bytes(const Colour& colour);

}  // namespace gradspace
