#include "cluster/score_backend.h"

#include <optional>

#include "gradspace/error.h"
#include "gradspace/photograph.h"
#include "gradspace/scorer.h"

namespace gradspace {
namespace {

class ScoreBackend final : public GradientBackend {
 public:
  ScoreBackend(const Model& model, const Detector& detector, InstructionSet instructions)
      : spec_(model.spec), scorer_(model, detector, ScorerOptions{instructions}) {}

  std::span<const FeatureBlock> blocks() const override { return blocks_; }

  void run(const ImageBatch& batch, const GradientOutputs& outputs) override {
    check_run(batch, outputs, blocks_, spec_);
    scores_.resize(batch.count());
    scorer_.score_fitted(batch.u8_nhwc(), scores_);
    for (std::size_t i = 0; i < scores_.size(); ++i) {
      outputs.features[2 * i] = static_cast<float>(scores_[i].score);
      outputs.features[2 * i + 1] = static_cast<float>(scores_[i].p_value);
      outputs.bce[i] = scores_[i].bce;
      outputs.kld[i] = scores_[i].kld;
    }
  }

 private:
  std::vector<FeatureBlock> blocks_ = score_blocks();
  AutoencoderSpec spec_;
  Scorer scorer_;
  std::vector<ImageScore> scores_;
};

}  // namespace

std::vector<FeatureBlock> score_blocks() {
  return {{"score", std::nullopt, 0, 1}, {"p_value", std::nullopt, 1, 2}};
}

void require_scoring(const Detector& detector, const Model& model) {
  if (tiling_of(detector)) {
    throw InvalidArgument(
        "plan: detectors of photographs by their tiles score with gradspace score alone");
  }
  if (detector.model_sha256 != fingerprint(model)) {
    throw InvalidArgument("plan: the detector was made for another model, or for none");
  }
  decoding_of(detector, &model);
}

std::unique_ptr<GradientBackend> make_score_backend(const Model& model, const Detector& detector,
                                                    InstructionSet instructions) {
  return std::make_unique<ScoreBackend>(model, detector, instructions);
}

}  // namespace gradspace
