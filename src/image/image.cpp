#include "gradspace/image.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "gradspace/error.h"
#include "image/colour.h"
#include "image/raw_image.h"

namespace gradspace {
std::size_t checked_sample_count(int width, int height, int channels) {
  if (width < 1 || height < 1 || std::int64_t{width} * height > kMaxPixels) {
    throw InvalidArgument(
        fmt::format("image of {}x{} pixels; both sides must be at least 1 and the area at most {}",
                    width, height, kMaxPixels));
  }
  if (channels != 1 && channels != 3) {
    throw InvalidArgument(fmt::format("image of {} channels; must be 1 or 3", channels));
  }
  return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
         static_cast<std::size_t>(channels);
}

Image::Image(int width, int height, int channels)
    : width_(width),
      height_(height),
      channels_(channels),
      pixels_(checked_sample_count(width, height, channels)) {}

Image::Image(int width, int height, int channels, std::vector<std::uint8_t> pixels_hwc)
    : width_(width), height_(height), channels_(channels), pixels_(std::move(pixels_hwc)) {
  const std::size_t wanted = checked_sample_count(width, height, channels);
  if (pixels_.size() != wanted) {
    throw InvalidArgument(fmt::format("image of {}x{}x{} needs {} samples, got {}", width, height,
                                      channels, wanted, pixels_.size()));
  }
}

std::span<std::uint8_t> Image::row(int y) {
  assert(y >= 0 && y < height_);
  const auto size = static_cast<std::size_t>(width_) * static_cast<std::size_t>(channels_);
  return pixels().subspan(static_cast<std::size_t>(y) * size, size);
}

std::span<const std::uint8_t> Image::row(int y) const {
  assert(y >= 0 && y < height_);
  const auto size = static_cast<std::size_t>(width_) * static_cast<std::size_t>(channels_);
  return pixels().subspan(static_cast<std::size_t>(y) * size, size);
}

Image to_rgb(Image image) {
  if (image.channels() == 3) {
    return image;
  }
  Image result(image.width(), image.height(), 3);
  colour::repeat_grey(image.pixels(), result.pixels().data());
  return result;
}

Image to_grey(Image image) {
  if (image.channels() == 1) {
    return image;
  }
  Image result(image.width(), image.height(), 1);
  colour::luma(image.pixels(), result.pixels().data());
  return result;
}

}  // namespace gradspace
