#include "experiment/detector_entry.h"

#include <utility>

namespace gradspace {
namespace {

class FittedDetector : public FittedEntry {
 public:
  FittedDetector(const Detector& detector, const AutoencoderSpec& spec)
      : score_(load_score_function(detector, spec)), threshold_(detector.threshold) {}

  std::vector<double> score(const SetToScore& set) const override {
    return score_->score(*set.observations);
  }
  double threshold() const override { return threshold_; }

 private:
  std::unique_ptr<ScoreFunction> score_;
  double threshold_;
};

}  // namespace

OneClassOptions one_class_options(const std::string& method,
                                  const std::vector<std::string>& distortions,
                                  const ExperimentRun& run) {
  const double false_alarms = std::get<OneClassExperiment>(run.options.kind).false_alarms;
  return {method, false_alarms, run.seed(), distortions};
}

Detector fit_method(const std::string& method, const std::vector<std::string>& distortions,
                    const FitMaterial& material) {
  const ExperimentRun& run = material.run;
  const auto make_backend = [&](std::vector<FeatureBlock> blocks) {
    return run.make_backend(run.first, std::move(blocks));
  };
  return fit_one_class({run.options.spec, run.model_sha256, material.clean->train.observations,
                        material.clean->validation.observations, make_backend},
                       one_class_options(method, distortions, run));
}

std::unique_ptr<FittedEntry> DetectorEntry::ready(const Detector& detector,
                                                  const ExperimentRun& run) const {
  return std::make_unique<FittedDetector>(detector, run.options.spec);
}

std::unique_ptr<FittedEntry> DetectorEntry::read(const ExperimentRun& run) const {
  if (!std::filesystem::exists(path(run))) {
    return nullptr;
  }
  const Detector detector = read_detector(path(run));
  if (!is_ours(detector.metadata, run)) {
    return nullptr;
  }
  return ready(detector, run);
}

std::unique_ptr<FittedEntry> DetectorEntry::fit(const FitMaterial& material) const {
  const ExperimentRun& run = material.run;
  if (run.stages.stop_requested()) {
    return nullptr;
  }
  Detector detector = make(material);
  note_made_of(detector.metadata, ingredients(run));
  write_detector(path(run), detector);
  return ready(detector, run);
}

nlohmann::json DetectorEntry::autoencoder_ingredients(const ExperimentRun& run) {
  return {{"model", run.model_sha256}, {"backend", run.options.gradient_backend.text()}};
}

nlohmann::json DetectorEntry::ingredients(const ExperimentRun& run) const {
  return ingredients_with_clean_images(text(), autoencoder_ingredients(run), run);
}

}  // namespace gradspace
