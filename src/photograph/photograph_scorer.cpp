#include <fmt/format.h>

#include <utility>

#include "gradspace/error.h"
#include "photograph/judge.h"

namespace gradspace {
namespace {

/// The model for the parts that the detector has; null where they need none.
const Model* model_for(const Model* model, const Detector& detector, const PhotographParts& parts) {
  if (!parts.gradients) {
    return nullptr;
  }
  if (model == nullptr) {
    throw InvalidArgument(fmt::format("scorer: {} wants a model", detector.method));
  }
  const std::string sha256 = fingerprint(*model);
  if (detector.model_sha256 != sha256) {
    throw InvalidArgument(fmt::format(
        "scorer: the detector was made for another model (SHA-256 {:.12}...) than this ({:.12}...)",
        detector.model_sha256, sha256));
  }
  return model;
}

Tiling tiling_for(const Detector& detector, const Model* model) {
  const std::optional<Tiling> tiling = tiling_of(detector);
  if (!tiling) {
    throw InvalidArgument("scorer: the detector does not say how photographs are cut into tiles");
  }
  if (model != nullptr &&
      (model->spec.input.width != tiling->width || model->spec.input.height != tiling->height)) {
    throw InvalidArgument("scorer: the detector's tiles are not of the model's size");
  }
  return *tiling;
}

}  // namespace

struct PhotographScorer::State {
  State(const Model* model, const Detector& detector)
      : parts(parts_of(photograph_method(detector.method))),
        describer(model_for(model, detector, parts), parts,
                  tiling_for(detector, parts.gradients ? model : nullptr)),
        judge(PhotographJudge::load(detector.weights, parts)),
        calibration(detector.calibration),
        threshold(detector.threshold) {
    const Tiling tiling = *tiling_of(detector);
    judge.require_fit(describer.describe(Image(tiling.width, tiling.height, 3), "a tile"));
  }

  PhotographParts parts;
  PhotographDescriber describer;
  PhotographJudge judge;
  Calibration calibration;
  double threshold;
};

PhotographScorer::PhotographScorer(const Model* model, const Detector& detector) {
  detector.validate();
  state_ = std::make_unique<State>(model, detector);
}
PhotographScorer::~PhotographScorer() = default;
PhotographScorer::PhotographScorer(PhotographScorer&&) noexcept = default;
PhotographScorer& PhotographScorer::operator=(PhotographScorer&&) noexcept = default;

PhotographScore PhotographScorer::score(const ImageView& photograph, std::string_view name) {
  State& state = *state_;
  const PhotographNumbers& numbers = state.describer.describe(photograph, name);
  const std::vector<double> tiles = state.judge.tiles->score(numbers.tiles);
  PhotographScore result;
  result.columns = numbers.columns;
  result.rows = numbers.rows;
  result.score.score = state.judge.total(state.judge.part_scores(numbers, tiles));
  result.score.p_value =
      state.calibration.empty() ? 1 : state.calibration.p_value(result.score.score);
  result.score.out_of_distribution = result.score.score > state.threshold;
  result.score.bce = numbers.bce;
  result.score.kld = numbers.kld;
  for (const double tile : tiles) {
    result.tile_scores.push_back(static_cast<float>(tile));
    result.tile_p_values.push_back(static_cast<float>(state.judge.tile_calibration.p_value(tile)));
  }
  return result;
}

}  // namespace gradspace
