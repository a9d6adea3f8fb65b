#include "photograph/tile_quantiles.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "detect/one_class/method.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr const char* kOneClass = "photograph.one_class.";
constexpr const char* kOneClassCalibration = "photograph.tile_calibration.";
constexpr const char* kNormal = "photograph.normal.";
constexpr const char* kMixture = "photograph.scales";

/// The one-class detector of tiles that a detector of photographs holds.
Detector tile_detector(const Detector& of_photographs) {
  Detector tiles = of_photographs;
  tiles.weights = tensors_under(of_photographs.weights, kOneClass);
  TensorMap calibration = tensors_under(of_photographs.weights, kOneClassCalibration);
  tiles.calibration = Calibration::take_from(calibration);
  if (tiles.calibration.empty()) {
    throw InvalidArgument("detector: it does not say what clean tiles score");
  }
  tiles.metadata.erase("tiles");
  return tiles;
}

Scorer scorer_of(const Model* model, const Detector& of_tiles) {
  if (of_tiles.model_sha256.empty()) {
    return Scorer(of_tiles);
  }
  if (model == nullptr) {
    throw InvalidArgument(fmt::format("scorer: {} wants a model", of_tiles.method));
  }
  return {*model, of_tiles};
}

class QuantileJudge : public TileJudge {
 public:
  QuantileJudge(const Model* model, const Detector& of_tiles, TileMixture mixture,
                const Tiling& tiling)
      : scorer_(model, of_tiles, tiling),
        mixture_(std::move(mixture)),
        calibration_(of_tiles.calibration) {}

  JudgedTiles judge(const ImageView& photograph, std::string_view name) override {
    JudgedTiles judged = scorer_.score(photograph, name);
    judged.total = mixture_(judged.scores);
    return judged;
  }

  double tile_p_value(double score) const override { return calibration_.p_value(score); }

 private:
  TileScorer scorer_;
  TileMixture mixture_;
  Calibration calibration_;
};

}  // namespace

TileMixture TileMixture::fit(std::span<const std::vector<double>> clean, const std::string& what) {
  std::vector<double> all;
  for (const std::vector<double>& tiles : clean) {
    all.insert(all.end(), tiles.begin(), tiles.end());
  }
  NormalScore normal = NormalScore::fit(all, what);
  Scales scales;
  for (std::size_t k = 0; k < scales.size(); ++k) {
    std::vector<double> quantiles;
    for (const std::vector<double>& tiles : clean) {
      quantiles.push_back(normal(tile_quantiles(tiles)[k]));
    }
    scales[k] = PartScale::of(quantiles);
  }
  return {std::move(normal), scales};
}

TileMixture TileMixture::load(const TensorMap& tensors) {
  const auto found = tensors.find(kMixture);
  Scales scales;
  if (found == tensors.end() || found->second.values.size() != 2 * scales.size()) {
    throw InvalidArgument("detector: the scales of its quantiles are missing or not as many");
  }
  for (std::size_t k = 0; k < scales.size(); ++k) {
    scales[k] = {found->second.values[2 * k], found->second.values[2 * k + 1]};
    if (!std::isfinite(scales[k].mean) || !(scales[k].deviation > 0)) {
      throw InvalidArgument("detector: the scale of a quantile is not over 0");
    }
  }
  return {NormalScore::load(tensors, kNormal), scales};
}

void TileMixture::store(TensorMap& tensors) const {
  normal_.store(tensors, kNormal);
  Tensor& kept = tensors[kMixture];
  kept.shape = {static_cast<std::int64_t>(scales_.size()), 2};
  for (const PartScale& scale : scales_) {
    kept.values.push_back(static_cast<float>(scale.mean));
    kept.values.push_back(static_cast<float>(scale.deviation));
  }
}

double TileMixture::operator()(std::vector<double> tile_scores) const {
  const std::vector<double> quantiles = tile_quantiles(std::move(tile_scores));
  double sum = 0;
  for (std::size_t k = 0; k < scales_.size(); ++k) {
    sum += scales_[k](normal_(quantiles[k]));
  }
  return sum;
}

void put_tile_quantiles(const Detector& of_tiles, const TileMixture& mixture, TensorMap& weights) {
  put_under(weights, kOneClass, of_tiles.weights);
  put_under(weights, kOneClassCalibration, of_tiles.calibration.tensors());
  mixture.store(weights);
}

TileScorer::TileScorer(const Model* model, const Detector& of_tiles, const Tiling& tiling)
    : scorer_(scorer_of(model, of_tiles)), cutter_(tiling, scorer_.input().channels) {
  if (scorer_.input().width != tiling.width || scorer_.input().height != tiling.height) {
    throw InvalidArgument(
        fmt::format("detector: cuts tiles of {}x{} pixels, but judges images of {}x{}",
                    tiling.width, tiling.height, scorer_.input().width, scorer_.input().height));
  }
}

JudgedTiles TileScorer::score(const ImageView& photograph, std::string_view name) {
  JudgedTiles judged;
  double bce = 0;
  double kld = 0;
  const TileGrid grid = cutter_.cut(
      photograph, name, [&](std::span<const std::uint8_t> tiles_nhwc, std::size_t /*count*/) {
        for (const ImageScore& tile : scorer_.score_fitted(tiles_nhwc)) {
          judged.scores.push_back(tile.score);
          bce += tile.bce;
          kld += tile.kld;
        }
      });
  judged.columns = grid.columns;
  judged.rows = grid.rows;
  judged.bce = static_cast<float>(bce / static_cast<double>(grid.size()));
  judged.kld = static_cast<float>(kld / static_cast<double>(grid.size()));
  return judged;
}

std::unique_ptr<TileJudge> make_quantile_judge(const Model* model, const Detector& detector,
                                               const Tiling& tiling) {
  return std::make_unique<QuantileJudge>(model, tile_detector(detector),
                                         TileMixture::load(detector.weights), tiling);
}

}  // namespace gradspace
