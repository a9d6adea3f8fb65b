// Photographs judged by quantiles of what a one-class method says of their tiles.
//
// The method is fitted to tiles as it would be to images. Its scores become normal scores (statistics/normal_score.h),
// so that methods whose scores have heavy tails are weighed like others; of a photograph the median and a high quantile
// count (tile_quantiles in judge.h), each standardised by clean photographs, and their sum.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gradspace/photograph.h"
#include "photograph/judge.h"
#include "photograph/tile_judge.h"
#include "statistics/normal_score.h"

namespace gradspace {

/// How tiles' quantiles become a photograph's score. Thread-safe.
class TileMixture {
 public:
  /// From the tiles' scores of clean photographs, a list each. Throws InvalidArgument when there are none, or all
  /// scores are equal; `what` names the method in the message.
  static TileMixture fit(std::span<const std::vector<double>> clean, const std::string& what);
  /// Throws InvalidArgument when tensors are missing or do not fit.
  static TileMixture load(const TensorMap& tensors);
  void store(TensorMap& tensors) const;

  double operator()(std::vector<double> tile_scores) const;

 private:
  using Scales = std::array<PartScale, kTileQuantiles.size()>;

  TileMixture(NormalScore normal, const Scales& scales)
      : normal_(std::move(normal)), scales_(scales) {}

  NormalScore normal_;
  Scales scales_;
};

/// The tiles' one-class detector with its calibration, and the mixture, under names of their own among `weights`.
void put_tile_quantiles(const Detector& of_tiles, const TileMixture& mixture, TensorMap& weights);

/// What a one-class detector says of the tiles of photographs. For one thread at a time.
class TileScorer {
 public:
  /// `of_tiles` judges images of the tiling's size. Throws InvalidArgument as Scorer; when it needs a model and `model`
  /// is null.
  TileScorer(const Model* model, const Detector& of_tiles, const Tiling& tiling);

  /// All but the total.
  JudgedTiles score(const ImageView& photograph, std::string_view name);

 private:
  Scorer scorer_;
  TileCutter cutter_;
};

}  // namespace gradspace
