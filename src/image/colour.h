// Between grey and RGB, on raw samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gradspace::colour {

/// Each grey sample three times. `rgb` may begin where `grey` does: it is filled from the back.
inline void repeat_grey(std::span<const std::uint8_t> grey, std::uint8_t* rgb) {
  for (std::size_t i = grey.size(); i-- > 0;) {
    const std::uint8_t value = grey[i];
    rgb[3 * i] = value;
    rgb[3 * i + 1] = value;
    rgb[3 * i + 2] = value;
  }
}

/// BT.601 luma in 16-bit fixed point, rounded, as Pillow's convert("L"). `grey` may begin where `rgb` does.
inline void luma(std::span<const std::uint8_t> rgb, std::uint8_t* grey) {
  for (std::size_t i = 0; i < rgb.size() / 3; ++i) {
    const unsigned sum = 19595U * rgb[3 * i] + 38470U * rgb[3 * i + 1] + 7471U * rgb[3 * i + 2];
    grey[i] = static_cast<std::uint8_t>((sum + 0x8000U) >> 16);
  }
}

}  // namespace gradspace::colour
