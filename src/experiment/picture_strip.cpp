#include "experiment/picture_strip.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "gradspace/scorer.h"
#include "image/heat.h"

namespace gradspace {
namespace {

/// Copies a picture of the strip's height into it as its panel number `panel`.
void place(const Image& picture, int panel, Image& strip) {
  for (int y = 0; y < picture.height(); ++y) {
    const auto row = picture.row(y);
    std::ranges::copy(row, strip.row(y).begin() + static_cast<std::ptrdiff_t>(row.size()) * panel);
  }
}

std::vector<std::uint8_t> to_bytes_hwc(std::span<const float> image_chw, const Extent& extent) {
  const auto pixels = static_cast<std::size_t>(extent.height * extent.width);
  const auto channels = static_cast<std::size_t>(extent.channels);
  std::vector<std::uint8_t> bytes(extent.size());
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      bytes[i * channels + c] =
          static_cast<std::uint8_t>(std::lround(image_chw[c * pixels + i] * 255.0F));
    }
  }
  return bytes;
}

/// Black, violet, orange, pale yellow: lighter stands for larger, so that nobody needs to tell hues
/// apart.
constexpr std::array<Colour, 5> kHeat{
    {{0, 0, 4}, {87, 16, 110}, {188, 55, 84}, {249, 142, 9}, {252, 255, 164}}};

}  // namespace

Image error_map(const Image& image, const Image& reconstruction) {
  constexpr double kLightest = 128;
  Image map(image.width(), image.height(), 3);
  const auto channels = static_cast<std::size_t>(image.channels());
  for (std::size_t i = 0; i < map.pixels().size() / 3; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < channels; ++c) {
      sum += std::abs(image.pixels()[i * channels + c] - reconstruction.pixels()[i * channels + c]);
    }
    std::ranges::transform(
        colour_along(kHeat, sum / static_cast<double>(channels) / kLightest),
        map.pixels().begin() + static_cast<std::ptrdiff_t>(3 * i),
        [](double value) { return static_cast<std::uint8_t>(std::lround(value)); });
  }
  return map;
}

Image reconstruct(const Image& image, GradientBackend& backend) {
  const Extent extent{image.channels(), image.height(), image.width()};
  std::vector<float> reconstruction(extent.size());
  GradientOutputs outputs;
  outputs.reconstruction = reconstruction;
  backend.run(ImageBatch::of_u8(image.pixels(), 1), outputs);
  return {image.width(), image.height(), image.channels(), to_bytes_hwc(reconstruction, extent)};
}

Image prepared(const Image& image, const Extent& extent) {
  std::vector<std::uint8_t> pixels(extent.size());
  FixedSizeReader(extent.width, extent.height, extent.channels).fit(image, pixels);
  return {extent.width, extent.height, extent.channels, std::move(pixels)};
}

Image picture_strip(std::span<const Image> panels) {
  const Image& first = panels.front();
  Image strip(static_cast<int>(panels.size()) * first.width(), first.height(), 3);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    place(panels[i], static_cast<int>(i), strip);
  }
  return strip;
}

}  // namespace gradspace
