// From a photograph to the numbers of its tiles and of itself.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "gradspace/gradient.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/tiles.h"
#include "photograph/descriptor.h"
#include "photograph/tile_cutter.h"

namespace gradspace {

/// What is asked of a photograph.
struct PhotographParts {
  bool gradients = false;
  bool image = false;

  bool operator==(const PhotographParts&) const = default;
};

/// The parts' numbers; what was not asked for is empty.
struct PhotographNumbers {
  std::vector<float> gradients;
  std::vector<float> image;
  /// A row a tile: energies of the residual, of the tile, and its channels' means.
  std::vector<float> tiles;
  std::size_t tile_columns = 0;
  int columns = 0;  ///< of the grid
  int rows = 0;
  float bce = 0;  ///< means over the tiles
  float kld = 0;
};

/// For one thread at a time.
class PhotographDescriber {
 public:
  /// `model` outlives it, and may be null where no gradients are asked for.
  PhotographDescriber(const Model* model, const PhotographParts& parts, const Tiling& tiling);

  /// Throws InvalidArgument for a photograph smaller than a tile. The result lives until the next call.
  const PhotographNumbers& describe(const ImageView& photograph, std::string_view name);

 private:
  void add_tiles(std::span<const std::uint8_t> tiles_nhwc, std::size_t count);

  PhotographParts parts_;
  Extent extent_;
  std::unique_ptr<GradientBackend> backend_;
  TileCutter cutter_;
  TileEnergies energies_;
  PhotographNumbers numbers_;
  std::vector<float> tiles_;
  std::vector<float> reconstruction_;
  std::vector<float> bce_;
  std::vector<float> kld_;
  std::vector<float> residual_table_;  ///< of all tiles so far, [tiles, columns]
  std::vector<float> image_table_;
  std::vector<float> loss_table_;
  std::vector<float> mean_table_;
};

}  // namespace gradspace
