#include "gradspace/gradcon_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/hash.h"
#include "detect/gradcon_file.h"
#include "gradspace/error.h"
#include "gradspace/metrics.h"
#include "model/model_file.h"

namespace gradspace {
namespace {

constexpr const char* kMethod = "gradcon";
/// Tensors of the detector: of the clean images, they give the threshold for any weight and any rate.
constexpr const char* kCleanErrors = "calibration.errors";
constexpr const char* kCleanCosines = "calibration.cosines";
constexpr double kFalseAlarms = 0.05;

GradConScore score_of(double error, double cosine, double weight) {
  return {error - weight * cosine, error, cosine};
}

Tensor as_tensor(const std::vector<double>& values) {
  Tensor tensor{{static_cast<std::int64_t>(values.size())}, {}};
  std::ranges::transform(values, std::back_inserter(tensor.values),
                         [](double value) { return static_cast<float>(value); });
  return tensor;
}

const std::vector<float>& clean_values(const Detector& detector, const char* name) {
  const auto found = detector.weights.find(name);
  if (found == detector.weights.end()) {
    throw InvalidArgument(fmt::format("gradcon: the detector has no tensor '{}'", name));
  }
  return found->second.values;
}

std::vector<double> score_values(const std::vector<GradConScore>& scores) {
  std::vector<double> values;
  std::ranges::transform(scores, std::back_inserter(values), &GradConScore::score);
  return values;
}

/// At the usual rate of false alarms, or the least that so few images allow: the largest score's.
double usual_threshold(const Calibration& calibration) {
  if (calibration.empty()) {
    return std::numeric_limits<double>::infinity();
  }
  const double of_the_largest = 1.5 / (static_cast<double>(calibration.count()) + 1);
  return calibration.threshold(std::max(kFalseAlarms, of_the_largest));
}

Detector calibrated(Tensor errors, Tensor cosines, std::string model_sha256) {
  Detector detector;
  detector.method = kMethod;
  detector.model_sha256 = std::move(model_sha256);
  detector.weights[kCleanErrors] = std::move(errors);
  detector.weights[kCleanCosines] = std::move(cosines);
  detector.calibration = Calibration(score_values(clean_scores(detector)));
  detector.threshold = usual_threshold(detector.calibration);
  return detector;
}

}  // namespace

std::vector<GradConScore> gradcon_scores(const Observations& observations, double gradient_weight) {
  std::vector<GradConScore> scores;
  for (std::size_t i = 0; i < observations.squared_error.size(); ++i) {
    scores.push_back(
        score_of(observations.squared_error[i], observations.cosine[i], gradient_weight));
  }
  return scores;
}

Observations observe_alignment(const Model& model, std::span<const std::uint8_t> images) {
  ObservationNeeds needs;
  needs.alignment = true;
  return observe([&] { return make_native_backend(model, {}); }, needs, model.spec, images);
}

Detector gradcon_detector(const Model& model, std::span<const std::uint8_t> clean_images) {
  const Observations clean = observe_alignment(model, clean_images);
  return calibrated(as_tensor(clean.squared_error), as_tensor(clean.cosine), fingerprint(model));
}

std::vector<GradConScore> clean_scores(const Detector& detector, double gradient_weight) {
  const std::vector<float>& errors = clean_values(detector, kCleanErrors);
  const std::vector<float>& cosines = clean_values(detector, kCleanCosines);
  if (errors.size() != cosines.size()) {
    throw InvalidArgument("gradcon: the clean images' errors and cosines are damaged");
  }
  std::vector<GradConScore> scores;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    scores.push_back(score_of(errors[i], cosines[i], gradient_weight));
    if (!std::isfinite(scores.back().score)) {
      throw InvalidArgument("gradcon: the clean images' errors and cosines are damaged");
    }
  }
  return scores;
}

double calibrated_threshold(const Detector& detector, double false_alarms, double gradient_weight) {
  return calibrate_threshold(score_values(clean_scores(detector, gradient_weight)), false_alarms);
}

void write_gradcon(const std::filesystem::path& path, const Model& model,
                   const Detector& detector) {
  if (model.mean_gradients.empty()) {
    throw InvalidArgument(fmt::format("{}: the model has no mean gradients", path.string()));
  }
  clean_scores(detector);  // which checks them
  SafeTensors file = model_file(model);
  for (const char* name : {kCleanErrors, kCleanCosines}) {
    file.tensors.emplace(name, detector.weights.at(name));
  }
  write_safetensors(path, kGradConKind, std::move(file));
}

Detector detector_of_gradcon_file(SafeTensors file, const std::filesystem::path& path) {
  try {
    return calibrated(std::move(file.tensors[kCleanErrors]), std::move(file.tensors[kCleanCosines]),
                      sha256_hex_of_file(path));
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace gradspace
