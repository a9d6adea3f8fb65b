// The four detectors that the paper compares: one classifier, trained on clean against challenged images,
// on four choices of features.
#include <fmt/format.h>

#include <utility>

#include "experiment/detector_entry.h"
#include "experiment/extracted_sets.h"
#include "gradspace/fit.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

using nlohmann::json;

class FittedClassifier : public FittedEntry {
 public:
  explicit FittedClassifier(Detector detector) : detector_(std::move(detector)) {}

  std::vector<double> score(const SetToScore& set) const override {
    return detector_scores(detector_, *set.features, set.name);
  }
  double threshold() const override { return detector_.threshold; }

 private:
  Detector detector_;
};

class PaperEntry : public DetectorEntry {
 public:
  PaperEntry(std::string name, std::string features, const ExperimentOptions& options)
      : name_(std::move(name)),
        features_(std::move(features)),
        against_(std::get<OodExperiment>(options.kind)),
        epochs_(static_cast<std::size_t>(options.classifier.epochs)) {}

  std::string method() const override { return name_; }
  LooksAt looks_at() const override { return LooksAt::kFeatureSets; }
  std::vector<SetName> learns_from() const override { return {outliers("train"), outliers("val")}; }
  std::size_t steps() const override { return epochs_; }
  std::string step_unit() const override { return "epochs"; }

 protected:
  Detector make(const FitMaterial& material) const override;
  std::unique_ptr<FittedEntry> ready(const Detector& detector,
                                     const ExperimentRun& /*run*/) const override {
    return std::make_unique<FittedClassifier>(detector);
  }
  json ingredients(const ExperimentRun& run) const override;

 private:
  SetName outliers(const std::string& split) const {
    return {split, static_cast<int>(against_.trained_against), against_.trained_against_level};
  }

  std::string name_;
  std::string features_;
  OodExperiment against_;
  std::size_t epochs_;
};

Detector PaperEntry::make(const FitMaterial& material) const {
  const ExperimentRun& run = material.run;
  const FeatureSet inliers(extracted_set_path(run, {"train"}));
  const FeatureSet outlier_set(extracted_set_path(run, outliers("train")));
  const FeatureSet validation_inliers(extracted_set_path(run, {"val"}));
  const FeatureSet validation_outliers(extracted_set_path(run, outliers("val")));
  FitOptions options;
  options.features = features_;
  options.classifier = run.options.classifier;
  options.classifier.seed = run.seed();
  return fit_detector({inliers, outlier_set, &validation_inliers, &validation_outliers}, options,
                      [&](const ClassifierEpoch&) { material.on_step(); });
}

json PaperEntry::ingredients(const ExperimentRun& run) const {
  json sets = json::array();
  for (const SetName& set :
       {SetName{"train"}, outliers("train"), SetName{"val"}, outliers("val")}) {
    sets.push_back(FeatureSet(extracted_set_path(run, set)).meta().options_json);
  }
  return {{"stage", "fit"},        {"version", kVersion},
          {"features", features_}, {"options", run.stages.options_record().at("classifier")},
          {"seed", run.seed()},    {"sets", std::move(sets)}};
}

ExperimentMethod paper_method(const std::string& name,
                              std::string (*features)(const AutoencoderSpec&)) {
  return {name, ResultsKind::kOod, [=](const ExperimentOptions& options) {
            std::vector<std::unique_ptr<Entry>> entries;
            entries.push_back(std::make_unique<PaperEntry>(name, features(options.spec), options));
            return entries;
          }};
}

std::string encoder_gradient(const AutoencoderSpec& spec) {
  return fmt::format("down.{}:kld", 2 * (spec.down.size() - 1));
}

std::string decoder_gradient(const AutoencoderSpec& spec) {
  return fmt::format("up.{}:bce", 2 * (spec.up.size() - 1));
}

}  // namespace

std::vector<ExperimentMethod> paper_methods() {
  return {paper_method("VAE-A", [](const AutoencoderSpec&) -> std::string { return "mu"; }),
          paper_method("VAE-R", decoder_gradient), paper_method("VAE-L", encoder_gradient),
          paper_method("proposed", proposed_features)};
}

}  // namespace gradspace
