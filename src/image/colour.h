// Between grey and RGB, on raw samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gradspace/image.h"
#include "image/colour_kernels.h"

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

/// BT.601 luma, rounded, as Pillow's convert("L").
inline void luma(std::span<const std::uint8_t> colours, ChannelOrder order, std::uint8_t* grey) {
  kernels::luma(colours.data(), colours.size() / 3, order == ChannelOrder::kBgr, grey);
}

}  // namespace gradspace::colour
