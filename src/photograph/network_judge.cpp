// Photographs judged by committees of networks.
#include <fmt/format.h>

#include "detect/decision.h"
#include "gradspace/error.h"
#include "photograph/judge.h"
#include "photograph/tile_judge.h"

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
  require_model(detector, *model);
  return model;
}

class NetworkJudge : public TileJudge {
 public:
  NetworkJudge(const Model* model, const Detector& detector, const PhotographParts& parts,
               const Tiling& tiling)
      : describer_(model_for(model, detector, parts), parts, tiling),
        judge_(PhotographJudge::load(detector.weights, parts)) {
    judge_.require_fit(describer_.describe(Image(tiling.width, tiling.height, 3), "a tile"));
  }

  JudgedTiles judge(const ImageView& photograph, std::string_view name) override {
    const PhotographNumbers& numbers = describer_.describe(photograph, name);
    JudgedTiles judged;
    judged.columns = numbers.columns;
    judged.rows = numbers.rows;
    judged.scores = judge_.tiles->score(numbers.tiles);
    judged.total = judge_.total(judge_.part_scores(numbers, judged.scores));
    judged.bce = numbers.bce;
    judged.kld = numbers.kld;
    return judged;
  }

  double tile_p_value(double score) const override {
    return judge_.tile_calibration.p_value(score);
  }

 private:
  PhotographDescriber describer_;
  PhotographJudge judge_;
};

}  // namespace

std::unique_ptr<TileJudge> make_network_judge(const Model* model, const Detector& detector,
                                              const Tiling& tiling) {
  return std::make_unique<NetworkJudge>(model, detector,
                                        parts_of(photograph_method(detector.method)), tiling);
}

}  // namespace gradspace
