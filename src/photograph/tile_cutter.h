// A photograph as batches of tiles, as many as the engine works on together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "gradspace/image.h"
#include "gradspace/tiles.h"

namespace gradspace {

/// Keeps its memory from call to call; for one thread at a time.
class TileCutter {
 public:
  /// Bytes, NHWC, of `count` tiles; they live until it returns.
  using OnTiles = std::function<void(std::span<const std::uint8_t> tiles_nhwc, std::size_t count)>;

  /// `channels`: 1 or 3.
  TileCutter(const Tiling& tiling, int channels);

  /// Throws InvalidArgument for a photograph smaller than a tile, or a grid of more tiles than have room in memory;
  /// `name` stands in the message.
  TileGrid grid_of(const ImageView& photograph, std::string_view name) const;

  /// Hands over all tiles of the grid, in its order. Throws as `grid_of`.
  TileGrid cut(const ImageView& photograph, std::string_view name, const OnTiles& on_tiles);

  /// One tile into `out_hwc`.
  void cut(const ImageView& photograph, const TilePlace& place, std::span<std::uint8_t> out_hwc);

  std::size_t tile_bytes() const { return reader_.size(); }

 private:
  Tiling tiling_;
  FixedSizeReader reader_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace gradspace
