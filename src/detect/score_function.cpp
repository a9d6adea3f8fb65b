// Any detector back into functions of observations, and of rows of features.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "detect/decision.h"
#include "detect/feature_density.h"
#include "detect/in_place_score.h"
#include "detect/observation.h"
#include "detect/one_class/method.h"
#include "detect/one_class_fit.h"
#include "detect/score_memory.h"
#include "gradspace/classifier.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// The paper's classifier as a function of observed gradients.
class ClassifierScore : public InPlaceScore {
 public:
  ClassifierScore(const Detector& detector, bool as_logits)
      : classifier_(detector.weights), as_logits_(as_logits) {
    needs_.blocks = detector.columns;
    needs_.gradients = true;
    const std::size_t columns = dimension(detector.columns);
    if (classifier_.dimension() != columns) {
      throw InvalidArgument(
          fmt::format("detector: its network takes {} features, its columns are {}",
                      classifier_.dimension(), columns));
    }
  }

  const ObservationNeeds& needs() const override { return needs_; }
  void score_into(const Observations& observations, ScoreMemory& memory,
                  std::span<double> scores) const override {
    const FeatureView gradients = gradient_rows(observations, needs_.blocks, memory.gathered);
    if (as_logits_) {
      classifier_.logits_into(gradients, memory, scores);
    } else {
      classifier_.score_into(gradients, memory, scores);
    }
  }

 private:
  Classifier classifier_;
  bool as_logits_;
  ObservationNeeds needs_;
};

/// A density of features as a function of observed gradients.
class FeatureDensityScore : public InPlaceScore {
 public:
  explicit FeatureDensityScore(const Detector& detector)
      : density_(load_feature_density(detector)) {
    needs_.blocks = detector.columns;
    needs_.gradients = true;
  }

  const ObservationNeeds& needs() const override { return needs_; }
  void score_into(const Observations& observations, ScoreMemory& memory,
                  std::span<double> scores) const override {
    score_rows(*density_, gradient_rows(observations, needs_.blocks, memory.gathered), memory,
               scores);
  }

 private:
  std::unique_ptr<Density> density_;
  ObservationNeeds needs_;
};

/// The score of a detector of one part, decided upon.
class DecidedScore : public ScoreFunction {
 public:
  DecidedScore(const Detector& detector, std::unique_ptr<ScoreFunction> part)
      : decision_(detector), part_(std::move(part)) {}

  const ObservationNeeds& needs() const override { return part_->needs(); }
  std::vector<double> score(const Observations& observations) const override {
    const std::vector<double> said = part_->score(observations);
    return decision_.scores(std::span(&said, 1));
  }

 private:
  Decision decision_;
  std::unique_ptr<ScoreFunction> part_;
};

void require_extent(const Detector& detector, const AutoencoderSpec& spec) {
  const auto input = detector.metadata.find(kInputKey);
  if (input != detector.metadata.end() &&
      parse_json(input->second, "detector") != extent_json(spec.input)) {
    throw InvalidArgument(
        fmt::format("detector: made for images of {} (channels, height, width), "
                    "the model takes {}",
                    input->second, extent_json(spec.input).dump()));
  }
}

/// `part`: as `part_of`.
std::unique_ptr<ScoreFunction> load_part(const Detector& part, const AutoencoderSpec& spec,
                                         bool as_logits) {
  if (part.method == "classifier") {
    return std::make_unique<ClassifierScore>(part, as_logits);
  }
  if (is_feature_density(part.method)) {
    return std::make_unique<FeatureDensityScore>(part);
  }
  if (part.metadata.contains("tiles")) {
    throw InvalidArgument(fmt::format(
        "detector: {} was fitted to tiles: it judges photographs, no images of the model's size",
        part.method));
  }
  require_extent(part, spec);
  std::unique_ptr<ScoreFunction> score = one_class_method(part.method).load(part.weights, spec);
  if (score->needs().blocks != part.columns) {
    throw InvalidArgument(
        fmt::format("detector: \"{}\" looks at other layers than the file says", part.method));
  }
  return score;
}

}  // namespace

void ScoreFunction::score_into(const Observations& observations, ScoreMemory& /*memory*/,
                               std::span<double> scores) const {
  const std::vector<double> said = score(observations);
  if (said.size() != scores.size()) {
    throw InvalidArgument(
        fmt::format("scorer: room for {} scores of {} images", scores.size(), said.size()));
  }
  std::ranges::copy(said, scores.begin());
}

void put_parts(std::span<const TensorMap> parts, Detector& detector) {
  detector.members = parts.size();
  detector.weights.clear();
  for (std::size_t member = 0; member < parts.size(); ++member) {
    put_under(detector.weights, parts.size() > 1 ? member_prefix(member) : "", parts[member]);
  }
}

Detector part_of(const Detector& detector, std::size_t member) {
  Detector part;
  part.method = detector.method;
  part.model_sha256 = detector.model_sha256;
  part.metadata = detector.metadata;
  const bool alone = detector.members == 1;
  part.columns = alone ? detector.columns : blocks_of_member(detector.columns, member);
  part.weights = alone ? detector.weights : tensors_under(detector.weights, member_prefix(member));
  return part;
}

std::vector<std::unique_ptr<ScoreFunction>> load_parts(const Detector& detector,
                                                       const AutoencoderSpec& spec) {
  const bool as_logits = Decision(detector).takes_logits();
  std::vector<std::unique_ptr<ScoreFunction>> parts;
  for (std::size_t member = 0; member < detector.members; ++member) {
    parts.push_back(load_part(part_of(detector, member), spec, as_logits));
  }
  return parts;
}

std::unique_ptr<ScoreFunction> load_score_function(const Detector& detector,
                                                   const AutoencoderSpec& spec) {
  if (detector.members != 1) {
    throw InvalidArgument(
        fmt::format("detector: it looks at {} members, one observation is of one; use a Scorer",
                    detector.members));
  }
  std::unique_ptr<ScoreFunction> part = std::move(load_parts(detector, spec).front());
  return detector.two_sided.empty() ? std::move(part)
                                    : std::make_unique<DecidedScore>(detector, std::move(part));
}

Extent input_of(const Detector& detector) {
  if (!detector.model_sha256.empty() || !is_one_class_method(detector.method) ||
      one_class_method(detector.method).needs_model) {
    throw InvalidArgument(fmt::format("detector: {} wants a model", detector.method));
  }
  const auto found = detector.metadata.find(kInputKey);
  const nlohmann::json record =
      found == detector.metadata.end() ? nlohmann::json() : parse_json(found->second, "detector");
  Extent input;
  try {
    input = {record.at(0).get<int>(), record.at(1).get<int>(), record.at(2).get<int>()};
  } catch (const nlohmann::json::exception&) {
    throw InvalidArgument(
        fmt::format("detector: its input is {}, not channels, height and width", brief(record)));
  }
  require_input(input, "detector");
  return input;
}

std::unique_ptr<ScoreFunction> load_score_function(const Detector& detector) {
  AutoencoderSpec images_alone;
  images_alone.input = input_of(detector);
  return load_score_function(detector, images_alone);
}

std::vector<std::vector<double>> said_by_parts(const Detector& detector,
                                               std::span<const FeatureView> rows, bool as_logits) {
  std::vector<std::vector<double>> said;
  for (std::size_t member = 0; member < detector.members; ++member) {
    const Detector part = part_of(detector, member);
    if (is_feature_density(part.method)) {
      said.push_back(score_rows(*load_feature_density(part), rows[member]));
    } else {
      const Classifier classifier(part.weights);
      said.push_back(as_logits ? classifier.logits(rows[member]) : classifier.score(rows[member]));
    }
  }
  return said;
}

std::vector<double> score_rows(const Detector& detector, std::span<const FeatureView> rows) {
  const Decision decision(detector);
  return decision.scores(said_by_parts(detector, rows, decision.takes_logits()));
}

}  // namespace gradspace
