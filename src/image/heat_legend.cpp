#include "image/heat_legend.h"

#include <algorithm>
#include <cstddef>

#include "image/font.h"

namespace gradspace {

void paint_pixel(Image& image, int x, int y, const Colour& colour) {
  std::ranges::copy(to_bytes(colour), image.row(y).begin() + std::ptrdiff_t{3} * x);
}

void paint_heat_legend(Image& picture, int top, int height, int text_scale, std::string_view low,
                       std::string_view high) {
  constexpr std::uint8_t kWhite = 255;
  const int glyph = challenge::kGlyphWidth * text_scale;
  const int text_y = top + (height - challenge::kGlyphHeight * text_scale) / 2;
  const int bar_begin = (static_cast<int>(low.size()) + 2) * glyph;
  const int bar_end = picture.width() - (static_cast<int>(high.size()) + 2) * glyph;
  challenge::draw_text(picture, glyph, text_y, text_scale, kWhite, low);
  challenge::draw_text(picture, bar_end + glyph, text_y, text_scale, kWhite, high);
  for (int y = top + height / 4; y < top + height - height / 4; ++y) {
    for (int x = bar_begin; x < bar_end; ++x) {
      const double level = static_cast<double>(x - bar_begin) / (bar_end - bar_begin);
      paint_pixel(picture, x, y, heat_colour(kIndigoToYellow, level));
    }
  }
}

}  // namespace gradspace
