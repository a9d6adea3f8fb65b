#include "experiment/stand_ins.h"

#include <array>
#include <nlohmann/json.hpp>

#include "gradspace/challenge.h"
#include "gradspace/train.h"

namespace gradspace {
namespace {

/// Types 1 to 12.
constexpr std::array<std::size_t, 12> kGroups = {3, 0, 3, 1, 3, 1, 0, 3, 2, 1, 2, 2};

/// Gradients of the images of a clean set, the i-th under the i-th of `types`, in turns.
std::vector<float> challenged_gradients(const StandInTraining& training, const std::string& split,
                                        const std::vector<int>& types,
                                        const ObservationNeeds& needs) {
  std::vector<float> gradients;
  for (std::size_t k = 0; k < types.size(); ++k) {
    const auto source = training.data.make({split, types[k], training.level});
    std::vector<std::uint32_t> positions;
    for (std::size_t i = k; i < source->size(); i += types.size()) {
      positions.push_back(static_cast<std::uint32_t>(i));
    }
    if (positions.empty()) {
      continue;
    }
    const ImageStore images(*select(source, positions), training.spec.input);
    const Observations observed = observe([&] { return training.make_backend(needs.blocks); },
                                          needs, training.spec, images.images(0, images.size()));
    gradients.insert(gradients.end(), observed.gradients.begin(), observed.gradients.end());
  }
  return gradients;
}

FeatureView view_of(const std::vector<float>& gradients, std::size_t columns) {
  return {gradients.data(), gradients.size() / columns, columns, columns};
}

}  // namespace

std::size_t stand_in_group(int challenge_type) {
  return kGroups.at(static_cast<std::size_t>(challenge_type) - 1);
}

Detector fit_stand_ins(const StandInTraining& training, std::size_t group) {
  Detector detector;
  detector.columns = parse_features(proposed_features(training.spec), training.spec);
  detector.model_sha256 = training.model_sha256;
  std::vector<int> types;
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    const int type = static_cast<int>(info.type);
    if (stand_in_group(type) != group) {
      types.push_back(type);
    }
  }
  ObservationNeeds needs;
  needs.blocks = detector.columns;
  needs.gradients = true;
  const std::size_t columns = dimension(detector.columns);
  const auto in = gradients_of(training.train, detector.columns);
  const auto validation_in = gradients_of(training.validation, detector.columns);
  const auto out = challenged_gradients(training, "train", types, needs);
  const auto validation_out = challenged_gradients(training, "val", types, needs);
  const Classifier classifier =
      train_classifier(view_of(in, columns), view_of(out, columns), view_of(validation_in, columns),
                       view_of(validation_out, columns), training.classifier);
  detector.weights = classifier.weights();
  detector.calibration = Calibration(classifier.score(view_of(validation_in, columns)));
  detector.threshold = detector.calibration.threshold(training.false_alarms);
  detector.metadata["options"] =
      nlohmann::json{{"trained_on", types}, {"level", training.level}}.dump();
  return detector;
}

}  // namespace gradspace
