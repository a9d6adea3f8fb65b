#include "photograph/tile_map.h"

#include <algorithm>
#include <cmath>

#include "image/font.h"
#include "image/heat_legend.h"

namespace gradspace {
namespace {

constexpr double kDimmed = 0.55;
constexpr double kVeil = 0.75;
/// The scale ends at p = 10^-3.
constexpr double kDecades = 3;

double heat_of(float p_value) {
  return std::clamp(-std::log10(std::max(p_value, 1e-6F)) / kDecades, 0.0, 1.0);
}

/// The heat of each pixel: that of the hottest tile over it, 0 where there is none.
std::vector<float> heat_by_pixel(const ImageView& photograph, const PhotographScore& score,
                                 const Tiling& tiling) {
  const auto width = static_cast<std::size_t>(photograph.width());
  std::vector<float> heat(width * static_cast<std::size_t>(photograph.height()));
  const TileGrid grid(tiling, photograph.width(), photograph.height(), "the map");
  for (std::size_t i = 0; i < std::min(grid.size(), score.tile_p_values.size()); ++i) {
    const auto own = static_cast<float>(heat_of(score.tile_p_values[i]));
    const TilePlace place = grid.place(i);
    for (int y = place.y; y < place.y + tiling.height; ++y) {
      float* row = &heat[static_cast<std::size_t>(y) * width];
      for (int x = place.x; x < place.x + tiling.width; ++x) {
        row[x] = std::max(row[x], own);
      }
    }
  }
  return heat;
}

}  // namespace

Image draw_heat(const ImageView& photograph, const PhotographScore& score, const Tiling& tiling) {
  const Image luma = to_grey(photograph);
  Image picture(luma.width(), luma.height(), 3);
  const std::vector<float> heat = heat_by_pixel(photograph, score, tiling);
  for (int y = 0; y < luma.height(); ++y) {
    for (int x = 0; x < luma.width(); ++x) {
      const auto at = static_cast<std::size_t>(x);
      const double level =
          heat[static_cast<std::size_t>(y) * static_cast<std::size_t>(luma.width()) + at];
      const double grey = (1 - (1 - kDimmed) * level) * luma.row(y)[at];
      const Colour hot = heat_colour(kIndigoToYellow, level);
      const double veil = kVeil * level;
      paint_pixel(picture, x, y,
                  {(1 - veil) * grey + veil * hot[0], (1 - veil) * grey + veil * hot[1],
                   (1 - veil) * grey + veil * hot[2]});
    }
  }
  return picture;
}

Image draw_tile_map(const ImageView& photograph, const PhotographScore& score,
                    const Tiling& tiling) {
  const Image heat = draw_heat(photograph, score, tiling);
  const int text_scale = std::max(1, std::min(heat.width(), heat.height()) / 250);
  const int legend = 2 * challenge::kGlyphHeight * text_scale;
  Image picture(heat.width(), heat.height() + legend, 3);
  std::ranges::copy(heat.pixels(), picture.pixels().begin());
  paint_heat_legend(picture, heat.height(), legend, text_scale, "p 1", "0.001");
  return picture;
}

}  // namespace gradspace
