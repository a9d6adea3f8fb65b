#include <utility>

#include "gradspace/error.h"
#include "photograph/tile_judge.h"

namespace gradspace {
namespace {

Tiling tiling_for(const Model* model, const Detector& detector) {
  const std::optional<Tiling> tiling = tiling_of(detector);
  if (!tiling) {
    throw InvalidArgument("scorer: the detector does not say how photographs are cut into tiles");
  }
  const bool uses_model = model != nullptr && !detector.model_sha256.empty();
  if (uses_model &&
      (model->spec.input.width != tiling->width || model->spec.input.height != tiling->height)) {
    throw InvalidArgument("scorer: the detector's tiles are not of the model's size");
  }
  return *tiling;
}

std::unique_ptr<TileJudge> judge_of(const Model* model, const Detector& detector) {
  const Tiling tiling = tiling_for(model, detector);
  return is_photograph_method(detector.method) ? make_network_judge(model, detector, tiling)
                                               : make_quantile_judge(model, detector, tiling);
}

}  // namespace

struct PhotographScorer::State {
  std::unique_ptr<TileJudge> judge;
  Calibration calibration;
  double threshold;
};

PhotographScorer::PhotographScorer(const Model* model, const Detector& detector) {
  detector.validate();
  state_ = std::make_unique<State>(
      State{judge_of(model, detector), detector.calibration, detector.threshold});
}
PhotographScorer::~PhotographScorer() = default;
PhotographScorer::PhotographScorer(PhotographScorer&&) noexcept = default;
PhotographScorer& PhotographScorer::operator=(PhotographScorer&&) noexcept = default;

PhotographScore PhotographScorer::score(const ImageView& photograph, std::string_view name) {
  const State& state = *state_;
  const JudgedTiles judged = state.judge->judge(photograph, name);
  PhotographScore result;
  result.columns = judged.columns;
  result.rows = judged.rows;
  result.score.score = judged.total;
  result.score.p_value = state.calibration.empty() ? 1 : state.calibration.p_value(judged.total);
  result.score.out_of_distribution = judged.total > state.threshold;
  result.score.bce = judged.bce;
  result.score.kld = judged.kld;
  for (const double tile : judged.scores) {
    result.tile_scores.push_back(static_cast<float>(tile));
    result.tile_p_values.push_back(static_cast<float>(state.judge->tile_p_value(tile)));
  }
  return result;
}

}  // namespace gradspace
