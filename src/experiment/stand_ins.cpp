// The paper's classifier, trained on other challenges than those it is judged on.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "experiment/contenders.h"
#include "experiment/detector_contender.h"
#include "gradspace/challenge.h"
#include "gradspace/train.h"

namespace gradspace {
namespace {

using nlohmann::json;

/// Types 1 to 12.
constexpr std::array<std::size_t, 12> kGroups = {3, 0, 3, 1, 3, 1, 0, 3, 2, 1, 2, 2};

std::vector<int> types_outside(std::size_t group) {
  std::vector<int> types;
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    const int type = static_cast<int>(info.type);
    if (stand_in_group(type) != group) {
      types.push_back(type);
    }
  }
  return types;
}

FeatureView view_of(const std::vector<float>& gradients, std::size_t columns) {
  return {gradients.data(), gradients.size() / columns, columns, columns};
}

class StandIns : public DetectorContender {
 public:
  StandIns(const AutoencoderSpec& spec, std::size_t group)
      : group_(group), types_(types_outside(group)) {
    needs_.blocks = parse_features(proposed_features(spec), spec);
    needs_.gradients = true;
  }

  std::string method() const override { return kStandIns; }
  std::string text() const override { return fmt::format("{}-{}", kStandIns, group_); }
  bool judges(int type) const override { return type == 0 || stand_in_group(type) == group_; }
  ObservationNeeds needs() const override { return needs_; }

 protected:
  Detector make(const ContenderRun& run, const CleanImages& clean) const override;
  json ingredients(const ContenderRun& run) const override;

 private:
  std::vector<float> challenged_gradients(const ContenderRun& run, const std::string& split) const;

  std::size_t group_;
  std::vector<int> types_;  ///< trained on
  ObservationNeeds needs_;
};

/// Gradients of the images of a clean set, the i-th under the i-th of the types, in turns.
std::vector<float> StandIns::challenged_gradients(const ContenderRun& run,
                                                  const std::string& split) const {
  std::vector<float> gradients;
  for (std::size_t k = 0; k < types_.size(); ++k) {
    const auto source = run.stages.data().make({split, types_[k], run.options.stand_in_level});
    std::vector<std::uint32_t> positions;
    for (std::size_t i = k; i < source->size(); i += types_.size()) {
      positions.push_back(static_cast<std::uint32_t>(i));
    }
    if (positions.empty()) {
      continue;
    }
    const ImageStore images(*select(source, positions), run.options.spec.input);
    const Observations observed = observe([&] { return run.make_backend(needs_.blocks); }, needs_,
                                          run.options.spec, images.images(0, images.size()));
    gradients.insert(gradients.end(), observed.gradients.begin(), observed.gradients.end());
  }
  return gradients;
}

Detector StandIns::make(const ContenderRun& run, const CleanImages& clean) const {
  Detector detector;
  detector.columns = needs_.blocks;
  detector.model_sha256 = run.model_sha256;
  const std::size_t columns = dimension(detector.columns);
  const ObservedGradients in = gradients_of(clean.train.observations, detector.columns);
  const ObservedGradients validation_in =
      gradients_of(clean.validation.observations, detector.columns);
  const auto out = challenged_gradients(run, "train");
  const auto validation_out = challenged_gradients(run, "val");
  ClassifierOptions options = run.options.classifier;
  options.seed = run.seed();
  const Classifier classifier = train_classifier(in.rows, view_of(out, columns), validation_in.rows,
                                                 view_of(validation_out, columns), options);
  detector.weights = classifier.weights();
  detector.calibration = Calibration(classifier.score(validation_in.rows));
  detector.threshold = detector.calibration.threshold(run.options.false_alarms);
  detector.metadata["options"] =
      json{{"trained_on", types_}, {"level", run.options.stand_in_level}}.dump();
  return detector;
}

json StandIns::ingredients(const ContenderRun& run) const {
  json result = DetectorContender::ingredients(run);
  result["classifier"] = run.stages.options_record("").at("classifier");
  result["level"] = run.options.stand_in_level;
  result["challenge_seed"] = run.options.challenge_seed;
  result["post_production"] = run.options.challenge.post_production;
  return result;
}

}  // namespace

std::size_t stand_in_group(int challenge_type) {
  return kGroups.at(static_cast<std::size_t>(challenge_type) - 1);
}

std::unique_ptr<Contender> make_stand_ins(const AutoencoderSpec& spec, std::size_t group) {
  return std::make_unique<StandIns>(spec, group);
}

}  // namespace gradspace
