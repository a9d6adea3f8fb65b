#include "gradspace/model.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "core/file.h"
#include "core/hash.h"
#include "core/random.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "model/model_file.h"

namespace gradspace {
namespace {

constexpr const char* kKind = "autoencoder";
/// GradCon's files, which have more than a model (gradcon_detector.h).
constexpr std::string_view kGradConKind = "gradcon";
constexpr const char* kSpecKey = "spec";
const std::string kMeanPrefix = "mean.";
constexpr std::string_view kCalibrationPrefix = "calibration.";

/// What the container says of itself; no part of Model::metadata.
constexpr std::array<const char*, 4> kContainerKeys{"kind", "format_version", "gradspace_version",
                                                    kSpecKey};

/// Every parameter's name and shape, in the order of the forward pass.
std::vector<std::pair<std::string, std::vector<std::int64_t>>> parameters(
    const AutoencoderSpec& spec) {
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> result;
  for (const LayerInfo& layer : layers(spec)) {
    result.emplace_back(layer.name + ".weight", layer.weight_shape);
    result.emplace_back(layer.name + ".bias", layer.bias_shape);
  }
  return result;
}

void check_tensor(const std::string& name, const Tensor& tensor,
                  const std::vector<std::int64_t>& shape) {
  if (tensor.shape != shape) {
    throw InvalidArgument(fmt::format("tensor '{}' has shape {}; the description wants {}", name,
                                      shape_text(tensor.shape), shape_text(shape)));
  }
  if (tensor.values.size() != element_count(shape)) {
    throw InvalidArgument(fmt::format("tensor '{}' of shape {} holds {} values", name,
                                      shape_text(shape), tensor.values.size()));
  }
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    if (!std::isfinite(tensor.values[i])) {
      throw InvalidArgument(
          fmt::format("tensor '{}' holds {} at position {}; weights must be finite", name,
                      std::isnan(tensor.values[i]) ? "NaN" : "infinity", i));
    }
  }
}

/// Either of every up layer or of none.
void check_mean_gradients(const Model& model) {
  std::size_t known = 0;
  for (const LayerInfo& layer : layers(model.spec)) {
    const std::string name = layer.name + ".weight";
    if (!layer.name.starts_with("up.") || model.mean_gradients.empty()) {
      continue;
    }
    const auto found = model.mean_gradients.find(name);
    if (found == model.mean_gradients.end()) {
      throw InvalidArgument(fmt::format("the mean gradient of '{}' is missing", name));
    }
    check_tensor(kMeanPrefix + name, found->second, layer.weight_shape);
    ++known;
  }
  if (model.mean_gradients.size() != known) {
    throw InvalidArgument(
        fmt::format("{} mean gradients for {} decoder layers", model.mean_gradients.size(), known));
  }
}

/// What PyTorch calls fan_in: the second axis times the kernel's area. For a transposed convolution
/// that is the number of its outputs, whatever the name says.
std::int64_t fan_in(const std::vector<std::int64_t>& weight_shape) {
  std::int64_t product = 1;
  for (std::size_t axis = 1; axis < weight_shape.size(); ++axis) {
    product *= weight_shape[axis];
  }
  return product;
}

Tensor draw(const std::string& name, const std::vector<std::int64_t>& shape, double bound,
            std::uint64_t seed) {
  Random random(combine(seed, hash_text(name)));
  Tensor tensor{shape, std::vector<float>(element_count(shape))};
  for (float& value : tensor.values) {
    value = static_cast<float>(random.uniform(-bound, bound));
  }
  return tensor;
}

SafeTensors contents_of(const Model& model) {
  SafeTensors file{model.weights, model.metadata};
  for (const auto& [name, tensor] : model.mean_gradients) {
    file.tensors.emplace(kMeanPrefix + name, tensor);
  }
  file.metadata[kSpecKey] = to_json(model.spec);
  return file;
}

/// The bytes that `write_model` writes. The model has been validated.
std::vector<std::uint8_t> serialise(const Model& model) {
  return serialise_safetensors(kKind, contents_of(model));
}

/// Changes with any part of the tensors.
std::uint64_t combine_tensors(std::uint64_t hash, const TensorMap& tensors) {
  for (const auto& [name, tensor] : tensors) {
    hash = combine(hash, hash_text(name));
    for (const std::int64_t extent : tensor.shape) {
      hash = combine(hash, static_cast<std::uint64_t>(extent));
    }
    for (const float value : tensor.values) {
      constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
      hash = (std::rotl(hash, 5) ^ std::bit_cast<std::uint32_t>(value)) * kOdd;
    }
  }
  return hash;
}

/// 64 bits that change with any part of a model. Against accidents alone, and a hundred times faster
/// than SHA-256.
std::uint64_t content_of(const Model& model) {
  std::uint64_t hash = combine_tensors(hash_text(to_json(model.spec)), model.weights);
  hash = combine_tensors(hash, model.mean_gradients);
  for (const auto& [key, text] : model.metadata) {
    hash = combine(combine(hash, hash_text(key)), hash_text(text));
  }
  return hash;
}

}  // namespace

std::string fingerprint(const Model& model) {
  if (!model.file.sha256.empty() && model.file.content == content_of(model)) {
    return model.file.sha256;
  }
  model.validate();
  return sha256_hex(serialise(model));
}

void Model::validate() const {
  const auto wanted = parameters(spec);
  for (const auto& [name, shape] : wanted) {
    const auto found = weights.find(name);
    if (found == weights.end()) {
      throw InvalidArgument(fmt::format("tensor '{}' is missing", name));
    }
    check_tensor(name, found->second, shape);
  }
  check_mean_gradients(*this);
  if (weights.size() == wanted.size()) {
    return;
  }
  TensorMap left = weights;
  for (const auto& [name, shape] : wanted) {
    left.erase(name);
  }
  throw InvalidArgument(fmt::format("tensor '{}' belongs to no layer of the description",
                                    printable(left.begin()->first)));
}

Model initialise(const AutoencoderSpec& spec, std::uint64_t seed) {
  Model model{spec, {}, {}};
  for (const LayerInfo& layer : layers(spec)) {
    const double bound = 1 / std::sqrt(static_cast<double>(fan_in(layer.weight_shape)));
    for (const auto& [name, shape] : {std::pair(layer.name + ".weight", layer.weight_shape),
                                      std::pair(layer.name + ".bias", layer.bias_shape)}) {
      model.weights.emplace(name, draw(name, shape, bound, seed));
    }
  }
  return model;
}

Model read_model(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::vector<std::uint8_t> bytes = read_file(path);
  SafeTensors file = parse_safetensors(bytes, name, kKind, kGradConKind);
  const auto spec = file.metadata.find(kSpecKey);
  if (spec == file.metadata.end()) {
    throw FormatError(fmt::format("{}: its metadata has no spec", name));
  }
  Model model{parse_autoencoder_spec(spec->second, name + ": spec"), {}, {}};
  const bool has_calibration = file.metadata.at("kind") == kGradConKind;
  for (auto& [tensor_name, tensor] : file.tensors) {
    if (tensor_name.starts_with(kMeanPrefix)) {
      model.mean_gradients.emplace(tensor_name.substr(kMeanPrefix.size()), std::move(tensor));
    } else if (!has_calibration || !tensor_name.starts_with(kCalibrationPrefix)) {
      model.weights.emplace(tensor_name, std::move(tensor));
    }
  }
  model.metadata = std::move(file.metadata);
  for (const char* key : kContainerKeys) {
    model.metadata.erase(key);
  }
  try {
    model.validate();
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", name, error.what()));
  }
  model.file = {sha256_hex(bytes), content_of(model)};
  return model;
}

SafeTensors model_file(const Model& model) {
  model.validate();
  return contents_of(model);
}

void write_model(const std::filesystem::path& path, const Model& model) {
  model.validate();
  write_file(path, serialise(model));
}

}  // namespace gradspace
