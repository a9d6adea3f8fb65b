#include "gradspace/tiles.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr int kMaxSide = 65536;
constexpr int kMaxTileSide = 1024;

std::optional<int> side_of(std::string_view digits) {
  int value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  return error == std::errc() && stopped == end && value >= 1 && value <= kMaxSide
             ? std::optional(value)
             : std::nullopt;
}

}  // namespace

PixelSize parse_pixel_size(std::string_view text) {
  const std::size_t cross = text.find('x');
  const auto width = side_of(text.substr(0, cross));
  const auto height =
      cross == std::string_view::npos ? std::nullopt : side_of(text.substr(cross + 1));
  if (!width || !height) {
    throw InvalidArgument(fmt::format(
        "\"{}\" is no size: two numbers from 1 to {}, such as 28x28, width first", text, kMaxSide));
  }
  return {*width, *height};
}

Tiling parse_tiling(std::string_view text) {
  const PixelSize size = parse_pixel_size(text);
  const Tiling tiling{size.width, size.height, size.width, size.height};
  tiling.validate();
  return tiling;
}

void Tiling::validate() const {
  if (width > kMaxTileSide || height > kMaxTileSide) {
    throw InvalidArgument(fmt::format("tiles of {}x{} pixels: at most {} a side are possible",
                                      width, height, kMaxTileSide));
  }
  for (const int side : {width, height, stride_x, stride_y}) {
    if (side < 1 || side > kMaxSide) {
      throw InvalidArgument(
          fmt::format("tiles: {}x{} pixels, every {}x{}: numbers must be from 1 to {}", width,
                      height, stride_x, stride_y, kMaxSide));
    }
  }
}

TileGrid::TileGrid(const Tiling& cut, int frame_width, int frame_height, std::string_view name)
    : tiling(cut) {
  tiling.validate();
  if (frame_width < tiling.width || frame_height < tiling.height) {
    throw InvalidArgument(fmt::format("{}: {}x{} pixels are smaller than a tile of {}x{}", name,
                                      frame_width, frame_height, tiling.width, tiling.height));
  }
  columns = (frame_width - tiling.width) / tiling.stride_x + 1;
  rows = (frame_height - tiling.height) / tiling.stride_y + 1;
}

TilePlace TileGrid::place(std::size_t i) const {
  const auto across = static_cast<std::size_t>(columns);
  return {static_cast<int>(i % across) * tiling.stride_x,
          static_cast<int>(i / across) * tiling.stride_y};
}

ImageView part_of(const ImageView& image, const TilePlace& place, int width, int height) {
  if (place.x < 0 || place.y < 0 || width < 1 || height < 1 || width > image.width() ||
      height > image.height() || place.x > image.width() - width ||
      place.y > image.height() - height) {
    throw InvalidArgument(fmt::format("a part of {}x{} pixels at ({}, {}) is not in {}x{}", width,
                                      height, place.x, place.y, image.width(), image.height()));
  }
  const std::size_t offset =
      static_cast<std::size_t>(place.x) * static_cast<std::size_t>(image.channels());
  return {image.row(place.y).data() + offset,
          width,
          height,
          image.channels(),
          image.stride(),
          image.order()};
}

}  // namespace gradspace
