// leave-group-out: the paper's classifier trained on clean images against several challenges at once, made
// of the same clean images, each of which is challenged once. Each challenge is judged by a classifier that
// has seen no challenge of its group.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "detect/classifier_detector.h"
#include "experiment/detector_entry.h"
#include "gradspace/challenge.h"
#include "gradspace/train.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr const char* kLeaveGroupOut = "leave-group-out";

challenge::Group group_of(int challenge_type) {
  return challenge::info(static_cast<challenge::Type>(challenge_type)).group;
}

std::vector<int> types_outside(challenge::Group group) {
  std::vector<int> types;
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    if (info.group != group) {
      types.push_back(static_cast<int>(info.type));
    }
  }
  return types;
}

FeatureView view_of(const std::vector<float>& gradients, std::size_t columns) {
  return {gradients.data(), gradients.size() / columns, columns, columns};
}

class LeaveGroupOutEntry : public DetectorEntry {
 public:
  LeaveGroupOutEntry(const ExperimentOptions& options, challenge::Group group)
      : group_(group),
        level_(std::get<OneClassExperiment>(options.kind).leave_group_out_level),
        types_(types_outside(group)) {
    needs_.blocks = parse_features(proposed_features(options.spec), options.spec);
    needs_.gradients = true;
  }

  std::string method() const override { return kLeaveGroupOut; }
  std::string text() const override {
    return fmt::format("{}-{}", kLeaveGroupOut, static_cast<int>(group_));
  }
  bool judges(int type) const override { return type == 0 || group_of(type) == group_; }
  ObservationNeeds needs() const override { return needs_; }

 protected:
  Detector make(const FitMaterial& material) const override;
  json ingredients(const ExperimentRun& run) const override;

 private:
  std::vector<float> challenged_gradients(const ExperimentRun& run, const std::string& split) const;

  challenge::Group group_;
  int level_;
  std::vector<int> types_;  ///< trained on
  ObservationNeeds needs_;
};

/// Gradients of the images of a clean set, the i-th under the i-th of the types, in turns.
std::vector<float> LeaveGroupOutEntry::challenged_gradients(const ExperimentRun& run,
                                                            const std::string& split) const {
  std::vector<float> gradients;
  for (std::size_t k = 0; k < types_.size(); ++k) {
    const auto source = run.stages.data().make({split, types_[k], level_});
    std::vector<std::uint32_t> positions;
    for (std::size_t i = k; i < source->size(); i += types_.size()) {
      positions.push_back(static_cast<std::uint32_t>(i));
    }
    if (positions.empty()) {
      continue;
    }
    const ImageStore images(*select(source, positions), run.options.spec.input);
    const Observations observed =
        observe([&] { return run.make_backend(run.first, needs_.blocks); }, needs_,
                run.options.spec, images.images(0, images.size()));
    gradients.insert(gradients.end(), observed.gradients.begin(), observed.gradients.end());
  }
  return gradients;
}

Detector LeaveGroupOutEntry::make(const FitMaterial& material) const {
  const ExperimentRun& run = material.run;
  Detector detector;
  detector.columns = needs_.blocks;
  detector.model_sha256 = run.model_sha256;
  const std::size_t columns = dimension(detector.columns);
  const ObservedGradients in = gradients_of(material.clean->train.observations, detector.columns);
  const ObservedGradients validation_in =
      gradients_of(material.clean->validation.observations, detector.columns);
  const auto out = challenged_gradients(run, "train");
  const auto validation_out = challenged_gradients(run, "val");
  ClassifierOptions options = run.options.classifier;
  options.seed = run.seed();
  const Classifier classifier = train_classifier(in.rows, view_of(out, columns), validation_in.rows,
                                                 view_of(validation_out, columns), options);
  put_classifiers(std::span(&classifier, 1), std::span(&validation_in.rows, 1),
                  {.false_alarms = std::get<OneClassExperiment>(run.options.kind).false_alarms},
                  detector);
  detector.metadata["options"] = json{{"trained_on", types_}, {"level", level_}}.dump();
  material.on_step();
  return detector;
}

json LeaveGroupOutEntry::ingredients(const ExperimentRun& run) const {
  json own = autoencoder_ingredients(run);
  own["classifier"] = run.stages.options_record().at("classifier");
  own["level"] = level_;
  own["challenge_seed"] = run.options.challenge_seed;
  own["post_production"] = run.options.challenge.post_production;
  run.stages.data().note_strength(own);
  return ingredients_with_clean_images(text(), std::move(own), run);
}

}  // namespace

std::vector<ExperimentMethod> leave_group_out_methods() {
  return {{kLeaveGroupOut, ResultsKind::kOneClass, [](const ExperimentOptions& options) {
             std::set<challenge::Group> groups;
             for (const challenge::TypeInfo& info : challenge::all_types()) {
               groups.insert(info.group);
             }
             std::vector<std::unique_ptr<Entry>> entries;
             for (const challenge::Group group : groups) {
               entries.push_back(std::make_unique<LeaveGroupOutEntry>(options, group));
             }
             return entries;
           }}};
}

}  // namespace gradspace
