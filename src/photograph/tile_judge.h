// What judges photographs by their tiles, whichever way a detector does.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "gradspace/image.h"
#include "gradspace/photograph.h"

namespace gradspace {

/// A photograph's score, and those of its tiles.
struct JudgedTiles {
  int columns = 0;  ///< of the grid
  int rows = 0;
  std::vector<double> scores;  ///< row by row
  double total = 0;            ///< of the photograph
  float bce = 0;               ///< means over the tiles; 0 without a model
  float kld = 0;
};

/// For one thread at a time.
class TileJudge {
 public:
  virtual ~TileJudge() = default;

  /// Throws InvalidArgument for a photograph smaller than a tile, or whose grid is too large.
  virtual JudgedTiles judge(const ImageView& photograph, std::string_view name) = 0;
  /// A tile's place among those of clean photographs.
  virtual double tile_p_value(double score) const = 0;
};

/// Of the methods photograph, photograph-gradients and photograph-image. Both throw InvalidArgument as
/// PhotographScorer; model and detector need not outlive the judge.
std::unique_ptr<TileJudge> make_network_judge(const Model* model, const Detector& detector,
                                              const Tiling& tiling);
/// Of a one-class method that judges each tile by itself.
std::unique_ptr<TileJudge> make_quantile_judge(const Model* model, const Detector& detector,
                                               const Tiling& tiling);

}  // namespace gradspace
