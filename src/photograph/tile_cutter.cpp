#include "photograph/tile_cutter.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Tiles that the engine works on at a time, and the most values that they may have.
constexpr std::size_t kMostTiles = 64;
constexpr std::size_t kMostValues = std::size_t{1} << 22;
/// The numbers of so many tiles lie in memory together.
constexpr std::size_t kMaxGrid = 200'000;

}  // namespace

TileCutter::TileCutter(const Tiling& tiling, int channels)
    : tiling_(tiling), reader_(tiling.width, tiling.height, channels) {}

void TileCutter::cut(const ImageView& photograph, const TilePlace& place,
                     std::span<std::uint8_t> out_hwc) {
  reader_.fit(part_of(photograph, place, tiling_.width, tiling_.height), out_hwc);
}

TileGrid TileCutter::grid_of(const ImageView& photograph, std::string_view name) const {
  const TileGrid grid(tiling_, photograph.width(), photograph.height(), name);
  if (grid.size() > kMaxGrid) {
    throw InvalidArgument(fmt::format(
        "{}: a grid of {} tiles; at most {} are possible: a larger --stride takes fewer", name,
        grid.size(), kMaxGrid));
  }
  return grid;
}

TileGrid TileCutter::cut(const ImageView& photograph, std::string_view name,
                         const OnTiles& on_tiles) {
  const TileGrid grid = grid_of(photograph, name);
  const std::size_t size = tile_bytes();
  const std::size_t batch = std::clamp<std::size_t>(kMostValues / size, 1, kMostTiles);
  bytes_.resize(batch * size);
  for (std::size_t first = 0; first < grid.size(); first += batch) {
    const std::size_t count = std::min(batch, grid.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      cut(photograph, grid.place(first + i), std::span(bytes_).subspan(i * size, size));
    }
    on_tiles(std::span(bytes_).first(count * size), count);
  }
  return grid;
}

}  // namespace gradspace
