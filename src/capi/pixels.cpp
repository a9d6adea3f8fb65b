#include "capi/pixels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "gradspace/error.h"

namespace gradspace::capi {
namespace {

int channels_of(std::int32_t layout) {
  switch (layout) {
    case GRADSPACE_GREY:
      return 1;
    case GRADSPACE_RGB:
    case GRADSPACE_BGR:
      return 3;
    default:
      throw InvalidArgument(fmt::format(
          "the image's layout is {}; wanted is GRADSPACE_GREY, GRADSPACE_RGB or GRADSPACE_BGR",
          layout));
  }
}

/// A checked image's bytes.
struct Geometry {
  int channels;
  std::int64_t row_bytes;
  std::int64_t stride;
};

Geometry geometry_of(const gradspace_image& image) {
  if (image.data == nullptr) {
    throw InvalidArgument("the image's data is a null pointer");
  }
  if (image.reserved != 0) {
    throw InvalidArgument(
        fmt::format("the image's reserved field is {}; wanted is 0", image.reserved));
  }
  const int channels = channels_of(image.layout);
  if (image.width < 1 || image.height < 1 ||
      std::int64_t{image.width} * image.height > kMaxPixels) {
    throw InvalidArgument(fmt::format(
        "an image of {}x{} pixels; sides are at least 1, and at most {} pixels are taken",
        image.width, image.height, kMaxPixels));
  }
  const std::int64_t row_bytes = std::int64_t{image.width} * channels;
  const std::int64_t most = (std::int64_t{1} << 62) / image.height;
  const std::int64_t stride = image.stride == 0 ? row_bytes : image.stride;
  if ((stride < row_bytes && stride > -row_bytes) || stride > most || stride < -most) {
    throw InvalidArgument(fmt::format(
        "the image's rows of {} bytes lie {} bytes apart; at least as many are wanted, and "
        "at most {}",
        row_bytes, stride, most));
  }
  return {channels, row_bytes, stride};
}

/// The rows from the top down, without a gap.
void turn_over(const gradspace_image& image, const Geometry& geometry,
               std::vector<std::uint8_t>& out) {
  const auto row_bytes = static_cast<std::size_t>(geometry.row_bytes);
  out.resize(row_bytes * static_cast<std::size_t>(image.height));
  for (std::int32_t y = 0; y < image.height; ++y) {
    std::memcpy(out.data() + row_bytes * static_cast<std::size_t>(y),
                image.data + geometry.stride * y, row_bytes);
  }
}

}  // namespace

void check_image(const gradspace_image& image) {
  geometry_of(image);
}

ImageView view_of(const gradspace_image& image, std::vector<std::uint8_t>& copied) {
  const Geometry geometry = geometry_of(image);
  const ChannelOrder order =
      image.layout == GRADSPACE_BGR ? ChannelOrder::kBgr : ChannelOrder::kRgb;
  const std::uint8_t* data = image.data;
  std::int64_t stride = geometry.stride;
  if (stride < 0) {
    turn_over(image, geometry, copied);
    data = copied.data();
    stride = geometry.row_bytes;
  }
  return {data, image.width, image.height, geometry.channels, static_cast<std::size_t>(stride),
          order};
}

Image image_of(const gradspace_image& image) {
  std::vector<std::uint8_t> copied;
  const ImageView view = view_of(image, copied);
  return view.channels() == 1 ? to_grey(view) : to_rgb(view);
}

void write_rows(const Image& image, std::int32_t layout, std::uint8_t* out, std::size_t stride) {
  for (int y = 0; y < image.height(); ++y) {
    const std::span<const std::uint8_t> row = image.row(y);
    std::uint8_t* const place = out + stride * static_cast<std::size_t>(y);
    std::ranges::copy(row, place);
    for (std::size_t x = 0; layout == GRADSPACE_BGR && x < row.size(); x += 3) {
      std::swap(place[x], place[x + 2]);
    }
  }
}

}  // namespace gradspace::capi
