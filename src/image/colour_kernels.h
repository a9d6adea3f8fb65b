// The inner loops over colours, compiled for every instruction set and chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradspace::kernels {

/// BT.601 luma of RGB pixels, or of BGR where `is_bgr`, in 16-bit fixed point and rounded, as Pillow's convert("L"):
/// (19595 R + 38470 G + 7471 B + 2^15) / 2^16. `out` does not overlap `in`.
void luma(const std::uint8_t* in, std::size_t pixels, bool is_bgr, std::uint8_t* out);

/// RGB to BGR or back; `out` may be `in`.
void swap_red_blue(const std::uint8_t* in, std::size_t pixels, std::uint8_t* out);

}  // namespace gradspace::kernels
