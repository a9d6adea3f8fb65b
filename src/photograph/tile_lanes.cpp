#include "photograph/tile_lanes.h"

#include <array>
#include <span>

namespace gradspace {
namespace {

std::vector<std::int32_t> places_of_row(const Extent& extent, std::size_t lanes, bool bgr) {
  const auto channels = static_cast<std::size_t>(extent.channels);
  const std::size_t area = extent.size() / channels;
  std::vector<std::int32_t> places(static_cast<std::size_t>(extent.width) * channels);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::size_t channel = bgr ? channels - 1 - i % channels : i % channels;
    places[i] = static_cast<std::int32_t>((channel * area + i / channels) * lanes);
  }
  return places;
}

}  // namespace

TileLanes::TileLanes(const Tiling& tiling, int channels, const gradient::Kernels& kernels)
    : kernels_(kernels),
      extent_{channels, tiling.height, tiling.width},
      cutter_(tiling, channels),
      row_places_(places_of_row(extent_, kernels.lanes, false)),
      row_places_bgr_(places_of_row(extent_, kernels.lanes, true)),
      loader_(kernels, extent_) {}

void TileLanes::load(const ImageView& photograph, const TileGrid& grid,
                     const gradient::LaneGroup& group, float* out) {
  if (photograph.channels() == extent_.channels) {
    load_rows(photograph, grid, group, out);
    return;
  }
  const std::size_t size = extent_.size();
  cut_.resize(group.count * size);
  for (std::size_t i = 0; i < group.count; ++i) {
    cutter_.cut(photograph, grid.place(group.first + i), std::span(cut_).subspan(i * size, size));
  }
  loader_.load({0, group.count}, cut_.data(), out);
}

/// Of a photograph with the tiles' channels.
void TileLanes::load_rows(const ImageView& photograph, const TileGrid& grid,
                          const gradient::LaneGroup& group, float* out) const {
  const auto channels = static_cast<std::size_t>(extent_.channels);
  const auto width = static_cast<std::size_t>(extent_.width);
  const auto& places = photograph.order() == ChannelOrder::kBgr ? row_places_bgr_ : row_places_;
  std::array<TilePlace, gradient::kMaxLanes> corners{};
  for (std::size_t lane = 0; lane < kernels_.lanes; ++lane) {
    corners[lane] = grid.place(group.image(lane));
  }
  std::array<const std::uint8_t*, gradient::kMaxLanes> rows{};
  for (int y = 0; y < extent_.height; ++y) {
    for (std::size_t lane = 0; lane < kernels_.lanes; ++lane) {
      rows[lane] = photograph.row(corners[lane].y + y).data() +
                   static_cast<std::size_t>(corners[lane].x) * channels;
    }
    kernels_.load_u8(rows.data(), width * channels, places.data(),
                     out + static_cast<std::size_t>(y) * width * kernels_.lanes);
  }
}

}  // namespace gradspace
