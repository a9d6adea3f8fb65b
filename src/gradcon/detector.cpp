#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "gradspace/metrics.h"
#include "gradspace/safetensors.h"

namespace gradspace {
namespace {

constexpr const char* kKind = "gradcon";
constexpr const char* kSpecKey = "spec";
constexpr std::string_view kMeanPrefix = "mean.";
constexpr const char* kCleanErrors = "calibration.errors";
constexpr const char* kCleanCosines = "calibration.cosines";

std::vector<float> take(TensorMap& tensors, const char* name) {
  auto node = tensors.extract(name);
  return node.empty() ? std::vector<float>() : std::move(node.mapped().values);
}

Tensor as_tensor(const std::vector<float>& values) {
  return {{static_cast<std::int64_t>(values.size())}, values};
}

bool all_finite(const std::vector<float>& values) {
  for (const float value : values) {
    if (!std::isfinite(value)) {
      return false;
    }
  }
  return true;
}

}  // namespace

void GradConDetector::validate() const {
  model.validate();
  std::size_t decoder_layers = 0;
  for (const LayerInfo& layer : layers(model.spec)) {
    if (!layer.name.starts_with("up.")) {
      continue;
    }
    ++decoder_layers;
    const std::string name = layer.name + ".weight";
    const auto found = mean_gradients.find(name);
    if (found == mean_gradients.end()) {
      throw InvalidArgument(fmt::format("the mean gradient of '{}' is missing", name));
    }
    const Tensor& mean = found->second;
    if (mean.shape != layer.weight_shape ||
        mean.values.size() != element_count(layer.weight_shape)) {
      throw InvalidArgument(fmt::format("the mean gradient of '{}' has shape {}; wanted {}", name,
                                        shape_text(mean.shape), shape_text(layer.weight_shape)));
    }
    if (!all_finite(mean.values)) {
      throw InvalidArgument(fmt::format("the mean gradient of '{}' is not finite", name));
    }
  }
  if (mean_gradients.size() != decoder_layers) {
    throw InvalidArgument(fmt::format("{} mean gradients for {} decoder layers",
                                      mean_gradients.size(), decoder_layers));
  }
  if (clean_errors.size() != clean_cosines.size() || !all_finite(clean_errors) ||
      !all_finite(clean_cosines)) {
    throw InvalidArgument("the clean images' errors and cosines are damaged");
  }
}

GradConDetector read_gradcon(const std::filesystem::path& path) {
  const std::string where = path.string();
  SafeTensors file = read_safetensors(path, kKind);
  const auto spec = file.metadata.find(kSpecKey);
  if (spec == file.metadata.end()) {
    throw FormatError(fmt::format("{}: its metadata has no spec", where));
  }
  GradConDetector detector;
  detector.model.spec = parse_autoencoder_spec(spec->second, where + ": spec");
  detector.clean_errors = take(file.tensors, kCleanErrors);
  detector.clean_cosines = take(file.tensors, kCleanCosines);
  for (auto& [name, tensor] : file.tensors) {
    if (name.starts_with(kMeanPrefix)) {
      detector.mean_gradients.emplace(name.substr(kMeanPrefix.size()), std::move(tensor));
    } else {
      detector.model.weights.emplace(name, std::move(tensor));
    }
  }
  detector.model.metadata = std::move(file.metadata);
  for (const char* key : {"kind", "format_version", "gradspace_version", kSpecKey}) {
    detector.model.metadata.erase(key);
  }
  try {
    detector.validate();
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", where, error.what()));
  }
  return detector;
}

void write_gradcon(const std::filesystem::path& path, const GradConDetector& detector) {
  detector.validate();
  SafeTensors file{detector.model.weights, detector.model.metadata};
  for (const auto& [name, tensor] : detector.mean_gradients) {
    file.tensors.emplace(std::string(kMeanPrefix) + name, tensor);
  }
  file.tensors.emplace(kCleanErrors, as_tensor(detector.clean_errors));
  file.tensors.emplace(kCleanCosines, as_tensor(detector.clean_cosines));
  file.metadata[kSpecKey] = to_json(detector.model.spec);
  write_safetensors(path, kKind, std::move(file));
}

std::vector<GradConScore> clean_scores(const GradConDetector& detector, double gradient_weight) {
  std::vector<GradConScore> scores;
  scores.reserve(detector.clean_errors.size());
  for (std::size_t i = 0; i < detector.clean_errors.size(); ++i) {
    const double error = detector.clean_errors[i];
    const double cosine = detector.clean_cosines[i];
    scores.push_back({error - gradient_weight * cosine, error, cosine});
  }
  return scores;
}

double calibrated_threshold(const GradConDetector& detector, double false_alarms,
                            double gradient_weight) {
  std::vector<double> scores;
  for (const GradConScore& clean : clean_scores(detector, gradient_weight)) {
    scores.push_back(clean.score);
  }
  return calibrate_threshold(scores, false_alarms);
}

}  // namespace gradspace
