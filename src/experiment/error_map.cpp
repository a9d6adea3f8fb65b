#include "experiment/error_map.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

#include "gradspace/scorer.h"
#include "image/heat_colour.h"

namespace gradspace {
namespace {

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
    std::ranges::copy(
        to_bytes(heat_colour(kBlackToYellow, sum / static_cast<double>(channels) / kLightest)),
        map.pixels().begin() + static_cast<std::ptrdiff_t>(3 * i));
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

}  // namespace gradspace
