// A bitmap font of 5 x 7 pixels for the labels of contact sheets.
#pragma once

#include <string_view>

#include "gradspace/image.h"

namespace gradspace::challenge {

inline constexpr int kGlyphWidth = 6;  ///< with the gap to the next
inline constexpr int kGlyphHeight = 7;

/// Draws lower-case letters, digits, '-', '.' and ' ' (others as ' ') with the upper left corner at (x, y),
/// each pixel of the font a square of `scale` pixels, in `shade` on all channels. What lies outside the
/// image is cut off.
void draw_text(Image& image, int x, int y, int scale, std::uint8_t shade, std::string_view text);

}  // namespace gradspace::challenge
