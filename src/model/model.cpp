#include "gradspace/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
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
constexpr std::string_view kMemberPrefix = "member.";
constexpr const char* kTraining = "training";
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

void check_weights(const TensorMap& weights, const AutoencoderSpec& spec) {
  const auto wanted = parameters(spec);
  for (const auto& [name, shape] : wanted) {
    const auto found = weights.find(name);
    if (found == weights.end()) {
      throw InvalidArgument(fmt::format("tensor '{}' is missing", name));
    }
    check_tensor(name, found->second, shape);
  }
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

std::size_t weight_count(const TensorMap& weights) {
  std::size_t count = 0;
  for (const auto& [name, tensor] : weights) {
    count += tensor.values.size();
  }
  return count;
}

void check_members(const Model& model) {
  if (model.members() > kMaxMembers) {
    throw InvalidArgument(
        fmt::format("{} members; a model has at most {}", model.members(), kMaxMembers));
  }
  if (model.members() * weight_count(model.weights) > kMaxWeights) {
    throw InvalidArgument(
        fmt::format("the {} members have over {} weights together", model.members(), kMaxWeights));
  }
  for (std::size_t i = 1; i < model.members(); ++i) {
    try {
      check_weights(model.further_members[i - 1].weights, model.spec);
    } catch (const InvalidArgument& error) {
      throw InvalidArgument(fmt::format("member {}: {}", i, error.what()));
    }
  }
}

/// The number behind "member." and the name behind that; nothing where the name is no member's.
std::optional<std::pair<std::size_t, std::string>> member_name(std::string_view name) {
  if (!name.starts_with(kMemberPrefix)) {
    return std::nullopt;
  }
  name.remove_prefix(kMemberPrefix.size());
  std::size_t member = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), member);
  const auto digits = static_cast<std::size_t>(end - name.data());
  const bool whole = error == std::errc() && digits < name.size() && name[digits] == '.' &&
                     name[0] != '0' && member < kMaxMembers;
  return whole ? std::optional(std::pair(member, std::string(name.substr(digits + 1))))
               : std::nullopt;
}

/// Takes the further members out of what `model` read as its own. Those that are named lie side by side from 1 on
/// in a file of ours; where one is missing, `validate` finds it empty.
void take_members(Model& model) {
  TensorMap first;
  for (auto& [name, tensor] : model.weights) {
    const auto named = member_name(name);
    if (!named) {
      first.emplace(name, std::move(tensor));
      continue;
    }
    const auto& [member, own_name] = *named;
    model.further_members.resize(std::max(model.further_members.size(), member));
    model.further_members[member - 1].weights.emplace(own_name, std::move(tensor));
  }
  model.weights = std::move(first);
  for (std::size_t i = 1; i < model.members(); ++i) {
    if (auto record = model.metadata.extract(member_prefix(i) + kTraining); !record.empty()) {
      model.further_members[i - 1].training = std::move(record.mapped());
    }
  }
}

SafeTensors contents_of(const Model& model) {
  SafeTensors file{model.weights, model.metadata};
  for (const auto& [name, tensor] : model.mean_gradients) {
    file.tensors.emplace(kMeanPrefix + name, tensor);
  }
  for (std::size_t i = 1; i < model.members(); ++i) {
    const ModelMember& member = model.further_members[i - 1];
    for (const auto& [name, tensor] : member.weights) {
      file.tensors.emplace(member_prefix(i) + name, tensor);
    }
    if (!member.training.empty()) {
      file.metadata[member_prefix(i) + kTraining] = member.training;
    }
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
  for (const ModelMember& member : model.further_members) {
    hash = combine(combine_tensors(hash, member.weights), hash_text(member.training));
  }
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
  check_weights(weights, spec);
  check_mean_gradients(*this);
  check_members(*this);
}

std::string member_prefix(std::size_t member) {
  return fmt::format("{}{}.", kMemberPrefix, member);
}

std::uint64_t member_seed(std::uint64_t seed, std::size_t member) {
  return member == 0 ? seed : combine(seed, member);
}

Model member_of(const Model& model, std::size_t member) {
  if (member >= model.members()) {
    throw InvalidArgument(
        fmt::format("there is no member {} of the model's {}", member, model.members()));
  }
  Model result{model.spec, model.weights, model.metadata};
  if (member == 0) {
    result.mean_gradients = model.mean_gradients;
    return result;
  }
  const ModelMember& further = model.further_members[member - 1];
  result.weights = further.weights;
  result.metadata.erase(kTraining);
  if (!further.training.empty()) {
    result.metadata[kTraining] = further.training;
  }
  return result;
}

Model join_members(std::vector<Model> members) {
  if (members.empty()) {
    throw InvalidArgument("a model has at least one member");
  }
  Model joined = std::move(members.front());
  joined.file = {};
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (members[i].spec != joined.spec || members[i].members() > 1) {
      throw InvalidArgument(
          fmt::format("member {} is not one autoencoder of the first one's description", i));
    }
    const auto record = members[i].metadata.find(kTraining);
    joined.further_members.push_back(
        {std::move(members[i].weights),
         record == members[i].metadata.end() ? std::string() : std::move(record->second)});
  }
  joined.validate();
  return joined;
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
  take_members(model);
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
