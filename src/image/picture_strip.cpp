#include "image/picture_strip.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace gradspace {
namespace {

/// Copies a picture of the strip's height into it as its panel number `panel`.
void place(const Image& picture, int panel, Image& strip) {
  for (int y = 0; y < picture.height(); ++y) {
    const auto row = picture.row(y);
    std::ranges::copy(row, strip.row(y).begin() + static_cast<std::ptrdiff_t>(row.size()) * panel);
  }
}

}  // namespace

Image thumbnail(const Image& image, int side) {
  const int longer = std::max(image.width(), image.height());
  if (longer <= side) {
    return image;
  }
  const auto scaled = [&](int length) {
    return std::max(1, static_cast<int>((std::int64_t{length} * side + longer / 2) / longer));
  };
  return resize_bilinear(image, scaled(image.width()), scaled(image.height()));
}

Image picture_strip(std::span<const Image> panels) {
  const Image& first = panels.front();
  Image strip(static_cast<int>(panels.size()) * first.width(), first.height(), 3);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    assert(panels[i].width() == first.width() && panels[i].height() == first.height());
    place(panels[i], static_cast<int>(i), strip);
  }
  return strip;
}

}  // namespace gradspace
