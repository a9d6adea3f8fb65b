// Tiles of a photograph straight into the engine's lanes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gradient/lane_group.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/tiles.h"
#include "photograph/tile_cutter.h"

namespace gradspace {

/// Keeps its memory from call to call; for one thread at a time.
class TileLanes {
 public:
  /// `channels`: 1 or 3. `kernels` say how lanes lie in memory, and outlive it.
  TileLanes(const Tiling& tiling, int channels, const gradient::Kernels& kernels);

  /// Throws as TileCutter::grid_of.
  TileGrid grid_of(const ImageView& photograph, std::string_view name) const {
    return cutter_.grid_of(photograph, name);
  }

  /// The group's tiles of the grid, as values in [0, 1]: [channels, height, width] vectors.
  void load(const ImageView& photograph, const TileGrid& grid, const gradient::LaneGroup& group,
            float* out);

 private:
  void load_rows(const ImageView& photograph, const TileGrid& grid,
                 const gradient::LaneGroup& group, float* out) const;

  const gradient::Kernels& kernels_;
  Extent extent_;
  TileCutter cutter_;
  std::vector<std::int32_t>
      row_places_;  ///< of the samples of a tile's row, in the order of their bytes
  std::vector<std::int32_t> row_places_bgr_;  ///< the same with blue first
  gradient::ImageLoader loader_;              ///< of whole tiles
  std::vector<std::uint8_t> cut_;
};

}  // namespace gradspace
