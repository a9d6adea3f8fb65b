// Fitting a one-class method into a detector, and any detector back into a function of observations.
#include "gradspace/one_class.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "detect/feature_density.h"
#include "detect/observation.h"
#include "detect/one_class/method.h"
#include "gradspace/classifier.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr const char* kInput = "input";

json extent_json(const Extent& extent) {
  return {extent.channels, extent.height, extent.width};
}

/// The paper's classifier as a function of observed gradients.
class ClassifierScore : public ScoreFunction {
 public:
  explicit ClassifierScore(const Detector& detector) : classifier_(detector.weights) {
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
  std::vector<double> score(const Observations& observations) const override {
    return classifier_.score(gradients_of(observations, needs_.blocks).rows);
  }

 private:
  Classifier classifier_;
  ObservationNeeds needs_;
};

/// A density of features as a function of observed gradients.
class FeatureDensityScore : public ScoreFunction {
 public:
  explicit FeatureDensityScore(const Detector& detector)
      : density_(load_feature_density(detector)) {
    needs_.blocks = detector.columns;
    needs_.gradients = true;
  }

  const ObservationNeeds& needs() const override { return needs_; }
  std::vector<double> score(const Observations& observations) const override {
    return score_rows(*density_, gradients_of(observations, needs_.blocks).rows);
  }

 private:
  std::unique_ptr<Density> density_;
  ObservationNeeds needs_;
};

/// What images are made to before a method sees them.
std::string preprocessing(bool has_model) {
  return fmt::format("{}, resized with Pillow's bilinear filter, divided by 255",
                     has_model ? "RGB or grey as the model takes it" : "RGB");
}

void require_extent(const Detector& detector, const AutoencoderSpec& spec) {
  const auto input = detector.metadata.find(kInput);
  if (input != detector.metadata.end() &&
      parse_json(input->second, "detector") != extent_json(spec.input)) {
    throw InvalidArgument(
        fmt::format("detector: made for images of {} (channels, height, width), "
                    "the model takes {}",
                    input->second, extent_json(spec.input).dump()));
  }
}

}  // namespace

void OneClassOptions::validate() const {
  const OneClassMethod& chosen = one_class_method(method);
  parse_distortions(distortions);
  if (!distortions.empty() && !chosen.distorts) {
    throw InvalidArgument(fmt::format("fit: {} learns from no distorted copies", method));
  }
  if (!(false_alarms > 0 && false_alarms < 1)) {
    throw InvalidArgument(
        fmt::format("fit: a rate of false alarms of {} is not between 0 and 1", false_alarms));
  }
  if (!(memory_gib > 0)) {
    throw InvalidArgument(fmt::format("fit: a memory of {} GiB is not over 0", memory_gib));
  }
}

std::unique_ptr<ScoreFunction> load_score_function(const Detector& detector,
                                                   const AutoencoderSpec& spec) {
  if (detector.method == "classifier") {
    return std::make_unique<ClassifierScore>(detector);
  }
  if (is_feature_density(detector.method)) {
    return std::make_unique<FeatureDensityScore>(detector);
  }
  if (detector.metadata.contains("tiles")) {
    throw InvalidArgument(fmt::format(
        "detector: {} was fitted to tiles: it judges photographs, no images of the model's size",
        detector.method));
  }
  require_extent(detector, spec);
  std::unique_ptr<ScoreFunction> score =
      one_class_method(detector.method).load(detector.weights, spec);
  if (score->needs().blocks != detector.columns) {
    throw InvalidArgument(
        fmt::format("detector: \"{}\" looks at other layers than the file says", detector.method));
  }
  return score;
}

Extent input_of(const Detector& detector) {
  if (!detector.model_sha256.empty() || !is_one_class_method(detector.method) ||
      one_class_method(detector.method).needs_model) {
    throw InvalidArgument(fmt::format("detector: {} wants a model", detector.method));
  }
  const auto found = detector.metadata.find(kInput);
  const json record =
      found == detector.metadata.end() ? json() : parse_json(found->second, "detector");
  Extent input;
  try {
    input = {record.at(0).get<int>(), record.at(1).get<int>(), record.at(2).get<int>()};
  } catch (const json::exception&) {
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

Detector fit_one_class(const OneClassData& data, const OneClassOptions& options) {
  options.validate();
  const OneClassMethod& method = one_class_method(options.method);
  Detector detector;
  detector.method = options.method;
  detector.model_sha256 = data.model_sha256;
  if (method.needs_model && !data.make_backend) {
    throw InvalidArgument(fmt::format("fit: {} wants a model", options.method));
  }
  detector.columns = method.needs(data.spec).blocks;
  check_memory(method, data.spec, options.memory_gib);
  conformal_rank(data.validation->count, options.false_alarms);  // before the work, not after it
  const auto observe_more = [&](const ObservationNeeds& needs,
                                std::span<const std::uint8_t> images) {
    return data.make_backend
               ? observe([&] { return data.make_backend(needs.blocks); }, needs, data.spec, images)
               : observe_pixels(data.spec->input, images);
  };
  detector.weights = method.fit(
      {data.spec, data.train, observe_more, options.seed, parse_distortions(options.distortions)});
  const auto score = method.load(detector.weights, data.spec);
  detector.calibration = Calibration(score->score(data.validation));
  detector.threshold = detector.calibration.threshold(options.false_alarms);
  detector.metadata[kInput] = extent_json(data.spec->input).dump();
  detector.metadata["preprocessing"] = preprocessing(static_cast<bool>(data.make_backend));
  json record = {
      {"method", options.method}, {"false_alarms", options.false_alarms}, {"seed", options.seed}};
  if (!options.distortions.empty()) {
    record["distortions"] = options.distortions;
  }
  detector.metadata["options"] = record.dump();
  detector.metadata["training"] =
      json{{"inliers", data.train->count}, {"validation_inliers", data.validation->count}}.dump();
  return detector;
}

}  // namespace gradspace
