// The map as a picture: a veil of heat over the reference in grey, and a scale that says what its
// colours mean.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "decoder/preparation.h"
#include "gradspace/error.h"
#include "gradspace/quality.h"
#include "image/font.h"
#include "image/heat_legend.h"
#include "quality/prepared_image.h"

namespace gradspace {
namespace {

constexpr int kPatchPixels = 2 * quality::kPatchSide;  // of the image before it was halved

/// The largest value, rounded up to 1, 2 or 5 times a power of ten: the end of the scale.
double scale_end(const std::vector<double>& values) {
  const double largest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  if (largest <= 0) {
    return 1;
  }
  const double power = std::pow(10.0, std::floor(std::log10(largest)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (largest <= step * power) {
      return step * power;
    }
  }
  return 10 * power;
}

/// The veil: patches that are alike keep the dimmed picture, others take on the colour of their level.
void paint_patches(const QualityImage& reference, const GradientMap& map, double end,
                   Image& picture) {
  constexpr double kDimmed = 0.45;
  constexpr double kVeil = 0.75;
  const Image& luma = quality::luma_of(reference);
  for (int y = 0; y < luma.height(); ++y) {
    for (int x = 0; x < luma.width(); ++x) {
      const double grey = kDimmed * luma.row(y)[static_cast<std::size_t>(x)];
      Colour colour{grey, grey, grey};
      const int column = x / kPatchPixels;
      const int row = y / kPatchPixels;
      if (column < map.columns && row < map.rows) {
        const auto patch = static_cast<std::size_t>(row * map.columns + column);
        const double level = map.values[patch] / end;
        const double veil = kVeil * std::sqrt(std::clamp(level, 0.0, 1.0));
        const Colour hot = heat_colour(kIndigoToYellow, level);
        for (std::size_t c = 0; c < colour.size(); ++c) {
          colour[c] = (1 - veil) * colour[c] + veil * hot[c];
        }
      }
      paint_pixel(picture, x, y, colour);
    }
  }
}

}  // namespace

Image draw_gradient_map(const QualityImage& reference, const GradientMap& map) {
  const Image& luma = quality::luma_of(reference);
  if (map.columns != (luma.width() + 1) / 2 / quality::kPatchSide ||
      map.rows != (luma.height() + 1) / 2 / quality::kPatchSide ||
      map.values.size() !=
          static_cast<std::size_t>(map.columns) * static_cast<std::size_t>(map.rows)) {
    throw InvalidArgument(fmt::format("{}: a map of {}x{} patches is not one of {}x{} pixels",
                                      reference.name(), map.columns, map.rows, luma.width(),
                                      luma.height()));
  }
  const int text_scale = std::max(1, std::min(luma.width(), luma.height()) / 250);
  const int scale_height = 2 * challenge::kGlyphHeight * text_scale;
  Image picture(luma.width(), luma.height() + scale_height, 3);
  const double end = scale_end(map.values);
  paint_patches(reference, map, end, picture);
  paint_heat_legend(picture, luma.height(), scale_height, text_scale, "0",
                    fmt::format("{:g}", end));
  return picture;
}

}  // namespace gradspace
