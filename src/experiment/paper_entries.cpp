// The four detectors that the paper compares: one classifier, trained on clean against challenged images,
// on four choices of features. Beside them the same of several autoencoders, one- and two-sided.
#include <fmt/format.h>

#include <utility>

#include "experiment/detector_entry.h"
#include "experiment/experiment_kind.h"
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

/// Every term with "#0".
std::string of_first_member(const std::string& features) {
  std::string own;
  for (const char c : features) {
    own += c == ',' ? "#0," : std::string(1, c);
  }
  return own + "#0";
}

/// A detector that scores feature sets.
class FeatureSetEntry : public DetectorEntry {
 public:
  LooksAt looks_at() const override { return LooksAt::kFeatureSets; }

 protected:
  std::unique_ptr<FittedEntry> ready(const Detector& detector,
                                     const ExperimentRun& /*run*/) const override {
    return std::make_unique<FittedClassifier>(detector);
  }
};

/// Classifiers on the features of the run's first `members` autoencoders.
class PaperEntry : public FeatureSetEntry {
 public:
  PaperEntry(std::string name, std::string features, std::size_t members,
             const ExperimentOptions& options)
      : name_(std::move(name)),
        features_(std::move(features)),
        against_(std::get<OodExperiment>(options.kind)),
        steps_(static_cast<std::size_t>(options.classifier.epochs) * members) {}

  std::string method() const override { return name_; }
  std::vector<SetName> learns_from() const override { return {outliers("train"), outliers("val")}; }
  std::size_t steps() const override { return steps_; }
  std::string step_unit() const override { return "epochs"; }

 protected:
  Detector make(const FitMaterial& material) const override;
  json ingredients(const ExperimentRun& run) const override;

 private:
  SetName outliers(const std::string& split) const {
    return {split, static_cast<int>(against_.trained_against), against_.trained_against_level};
  }

  std::string name_;
  std::string features_;
  OodExperiment against_;
  std::size_t steps_;
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

/// The classifiers of another entry, which is fitted before, with the distance from the middle of clean validation
/// images as their score.
class TwoSidedEntry : public FeatureSetEntry {
 public:
  explicit TwoSidedEntry(std::unique_ptr<PaperEntry> one_sided)
      : one_sided_(std::move(one_sided)) {}

  std::string method() const override { return one_sided_->method() + " two-sided"; }
  std::vector<SetName> learns_from() const override { return one_sided_->learns_from(); }
  std::string stage() const override { return "two sides"; }

 protected:
  Detector make(const FitMaterial& material) const override {
    const FeatureSet clean(extracted_set_path(material.run, {"val"}));
    Detector detector = make_two_sided(read_detector(one_sided_->path(material.run)), clean);
    material.on_step();
    return detector;
  }
  json ingredients(const ExperimentRun& run) const override {
    return {{"stage", "two sides"}, {"version", kVersion}, {"of", one_sided_->key(run)}};
  }

 private:
  std::unique_ptr<PaperEntry> one_sided_;
};

using Features = std::string (*)(const AutoencoderSpec&);
using Entries = std::vector<std::unique_ptr<Entry>>;

/// Looks at the first autoencoder, however many there are.
ExperimentMethod paper_method(const std::string& name, Features features) {
  return {name, ResultsKind::kOod, [=](const ExperimentOptions& options) {
            const std::string own = features(options.spec);
            Entries entries;
            entries.push_back(std::make_unique<PaperEntry>(
                name, members_of(options) > 1 ? of_first_member(own) : own, 1, options));
            return entries;
          }};
}

std::unique_ptr<PaperEntry> members_entry(const std::string& name, Features features,
                                          const ExperimentOptions& options) {
  const std::size_t members = members_of(options);
  return std::make_unique<PaperEntry>(fmt::format("{} x{}", name, members), features(options.spec),
                                      members, options);
}

/// Where a run has several autoencoders, the classifiers of all of them.
ExperimentMethod members_method(const std::string& name, Features features) {
  return {name + " xN", ResultsKind::kOod, [=](const ExperimentOptions& options) {
            Entries entries;
            if (members_of(options) > 1) {
              entries.push_back(members_entry(name, features, options));
              entries.push_back(
                  std::make_unique<TwoSidedEntry>(members_entry(name, features, options)));
            }
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
          paper_method("VAE-R", decoder_gradient),
          paper_method("VAE-L", encoder_gradient),
          paper_method("proposed", proposed_features),
          members_method("VAE-R", decoder_gradient),
          members_method("proposed", proposed_features)};
}

}  // namespace gradspace
