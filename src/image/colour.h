// Between grey and RGB, on raw samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gradspace/image.h"

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

/// BT.601 luma in 16-bit fixed point, rounded, as Pillow's convert("L").
inline void luma(std::span<const std::uint8_t> colours, ChannelOrder order, std::uint8_t* grey) {
  const std::size_t red = order == ChannelOrder::kRgb ? 0 : 2;
  const std::size_t blue = 2 - red;
  for (std::size_t i = 0; i < colours.size() / 3; ++i) {
    const std::uint8_t* pixel = colours.data() + 3 * i;
    const unsigned sum = 19595U * pixel[red] + 38470U * pixel[1] + 7471U * pixel[blue];
    grey[i] = static_cast<std::uint8_t>((sum + 0x8000U) >> 16);
  }
}

}  // namespace gradspace::colour
