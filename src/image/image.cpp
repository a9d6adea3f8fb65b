#include "gradspace/image.h"

#include <fmt/format.h>

#include <cassert>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "gradspace/error.h"
#include "image/colour.h"
#include "image/colour_kernels.h"
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

ImageView::ImageView(const std::uint8_t* data, int width, int height, int channels,
                     std::size_t stride, ChannelOrder order)
    : data_(data),
      width_(width),
      height_(height),
      channels_(channels),
      stride_(stride),
      order_(order) {
  checked_sample_count(width, height, channels);
  if (data == nullptr) {
    throw InvalidArgument("image view: its pixels are a null pointer");
  }
  const std::size_t row_size = row(0).size();
  if (stride < row_size) {
    throw InvalidArgument(
        fmt::format("image view: rows of {} bytes lie {} apart; at least as many are wanted",
                    row_size, stride));
  }
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
  if (stride > kMost / static_cast<std::size_t>(height)) {
    throw InvalidArgument(
        fmt::format("image view: {} rows that lie {} bytes apart are more than memory can hold",
                    height, stride));
  }
}

ImageView::ImageView(std::span<const std::uint8_t> buffer, int width, int height, int channels,
                     std::size_t stride, ChannelOrder order)
    : ImageView(buffer.data(), width, height, channels, stride, order) {
  const std::size_t wanted = static_cast<std::size_t>(height - 1) * stride + row(0).size();
  if (buffer.size() < wanted) {
    throw InvalidArgument(fmt::format(
        "image view: {}x{}x{} with rows {} bytes apart needs {} bytes, the buffer has {}", width,
        height, channels, stride, wanted, buffer.size()));
  }
}

ImageView::ImageView(const Image& image)
    : data_(image.pixels().data()),
      width_(image.width()),
      height_(image.height()),
      channels_(image.channels()),
      stride_(image.row(0).size()),
      order_(ChannelOrder::kRgb) {}

std::span<const std::uint8_t> ImageView::row(int y) const {
  assert(y >= 0 && y < height_);
  return {data_ + static_cast<std::size_t>(y) * stride_,
          static_cast<std::size_t>(width_) * static_cast<std::size_t>(channels_)};
}

void copy_rgb_row(const ImageView& image, int y, std::uint8_t* out) {
  const std::span<const std::uint8_t> row = image.row(y);
  if (is_bgr(image)) {
    kernels::swap_red_blue(row.data(), static_cast<std::size_t>(image.width()), out);
  } else {
    std::memcpy(out, row.data(), row.size());
  }
}

Image to_rgb(const ImageView& image) {
  Image result(image.width(), image.height(), 3);
  for (int y = 0; y < image.height(); ++y) {
    if (image.channels() == 3) {
      copy_rgb_row(image, y, result.row(y).data());
    } else {
      colour::repeat_grey(image.row(y), result.row(y).data());
    }
  }
  return result;
}

Image to_rgb(Image&& image) {
  return image.channels() == 3 ? std::move(image) : to_rgb(ImageView(image));
}

Image to_grey(const ImageView& image) {
  Image result(image.width(), image.height(), 1);
  for (int y = 0; y < image.height(); ++y) {
    if (image.channels() == 1) {
      copy_rgb_row(image, y, result.row(y).data());
    } else {
      colour::luma(image.row(y), image.order(), result.row(y).data());
    }
  }
  return result;
}

Image to_grey(Image&& image) {
  return image.channels() == 1 ? std::move(image) : to_grey(ImageView(image));
}

}  // namespace gradspace
