#include "model/pytorch_import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "model/pickle.h"
#include "model/torch_archive.h"
#include "model/torch_tensor.h"

namespace gradspace {
namespace {

constexpr std::uint64_t kMaxPickleBytes = 64 << 20;

using ShapeMap = std::map<std::string, std::vector<std::int64_t>>;
using StateDict = std::map<std::string, const pickle::TensorView*>;

/// "epoch, state_dict, optimizer", for messages.
std::string key_list(const pickle::Document& document, const pickle::Dict& dict) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> keys;
  for (const auto& [key_at, value_at] : dict.items) {
    const auto* const key = document.get<std::string>(key_at);
    keys.push_back(key != nullptr ? printable(*key, 40) : "?");
    if (keys.size() == kMost) {
      keys.emplace_back("...");
      break;
    }
  }
  return fmt::format("{}", fmt::join(keys, ", "));
}

/// The tensors of a dict by name. Throws when it holds anything else.
StateDict tensors_of(const pickle::Document& document, const pickle::Dict& dict,
                     const std::string& name) {
  StateDict tensors;
  for (const auto& [key_at, value_at] : dict.items) {
    const auto* const key = document.get<std::string>(key_at);
    const auto* const view = document.get<pickle::TensorView>(value_at);
    if (key == nullptr || view == nullptr) {
      throw FormatError(
          fmt::format("{}: holds no state_dict, nor is it one: '{}' is no tensor (its keys: {})",
                      name, key != nullptr ? printable(*key) : "?", key_list(document, dict)));
    }
    tensors.insert_or_assign(*key, view);
  }
  if (tensors.empty()) {
    throw FormatError(fmt::format("{}: its state_dict is empty", name));
  }
  return tensors;
}

/// What all names begin with, up to a '.'; empty where that is nothing.
std::string common_prefix(const StateDict& tensors) {
  const std::string& first = tensors.begin()->first;  // no two differ sooner than first and last
  const std::string& last = tensors.rbegin()->first;
  const auto differ = std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first;
  const std::string shared(first.begin(), differ);
  return shared.substr(0, shared.rfind('.') + 1);  // npos + 1 = 0
}

/// Takes off what wrappers put before every name: "module." of DataParallel, "_orig_mod." of torch.compile,
/// "model." of trainers, and whatever else stands before the name `known` of a tensor that is wanted.
StateDict without_prefix(StateDict tensors, const std::string& known) {
  const std::string prefix = common_prefix(tensors);
  for (std::size_t end = prefix.find('.'); end != std::string::npos;
       end = prefix.find('.', end + 1)) {
    const std::string part = prefix.substr(0, end + 1);
    if (tensors.contains(part + known)) {
      StateDict result;
      for (const auto& [key, view] : tensors) {
        result.emplace(key.substr(part.size()), view);
      }
      return result;
    }
  }
  return tensors;
}

/// What usually holds a state_dict within a checkpoint, in the order of preference; null where nothing does,
/// and the checkpoint itself may be one.
const pickle::Value* find_inner(const pickle::Document& document, const pickle::Dict& root) {
  if (const pickle::Value* const inner = document.find(root, "state_dict")) {
    return inner;
  }
  for (const char* key : {"model_state_dict", "model"}) {
    const pickle::Value* const inner = document.find(root, key);
    if (inner != nullptr && std::get_if<pickle::Dict>(inner) != nullptr) {
      return inner;
    }
  }
  return nullptr;
}

StateDict find_state_dict(const pickle::Document& document, const std::string& known,
                          const std::string& name) {
  const auto* const root = document.get<pickle::Dict>(document.root);
  if (root == nullptr) {
    throw FormatError(fmt::format("{}: holds no dict; a checkpoint's state_dict is wanted", name));
  }
  const pickle::Value* const inner = find_inner(document, *root);
  const auto* const state_dict = inner == nullptr ? root : std::get_if<pickle::Dict>(inner);
  if (state_dict == nullptr) {
    throw FormatError(fmt::format("{}: its state_dict is no dict", name));
  }
  return without_prefix(tensors_of(document, *state_dict, name), known);
}

ShapeMap shapes_of(const StateDict& tensors) {
  ShapeMap shapes;
  for (const auto& [key, view] : tensors) {
    shapes.emplace(key, view->shape);
  }
  return shapes;
}

ShapeMap shapes_of(const AutoencoderSpec& spec) {
  ShapeMap shapes;
  for (const LayerInfo& layer : layers(spec)) {
    shapes.emplace(layer.name + ".weight", layer.weight_shape);
    shapes.emplace(layer.name + ".bias", layer.bias_shape);
  }
  return shapes;
}

/// "3-3-6-9-12": the channels along down.0, down.2, ... or up.0, up.2, ...; adds their kernels.
std::string channels_text(const ShapeMap& shapes, const std::string& part,
                          std::set<std::int64_t>& kernels) {
  // Conv2d has [out, in, k, k], ConvTranspose2d [in, out, k, k].
  const std::size_t in_axis = part == "down" ? 1 : 0;
  std::vector<std::int64_t> channels;
  for (int i = 0;; i += 2) {
    const auto found = shapes.find(fmt::format("{}.{}.weight", part, i));
    if (found == shapes.end() || found->second.size() != 4) {
      break;
    }
    if (channels.empty()) {
      channels.push_back(found->second[in_axis]);
    }
    channels.push_back(found->second[1 - in_axis]);
    kernels.insert(found->second[2]);
  }
  return channels.empty() ? "none" : fmt::format("{}", fmt::join(channels, "-"));
}

/// What shapes tell of an architecture: "encoder 3-3-6-9-12, latent 20, decoder 12-9-6-3-3, kernel
/// 4".
std::string architecture_text(const ShapeMap& shapes) {
  std::set<std::int64_t> kernels;
  const std::string encoder = channels_text(shapes, "down", kernels);
  const std::string decoder = channels_text(shapes, "up", kernels);
  const auto code = shapes.find("fc11.weight");
  const std::int64_t latent =
      code == shapes.end() || code->second.empty() ? 0 : code->second.front();
  return fmt::format("encoder {}, latent {}, decoder {}, kernel {}", encoder, latent, decoder,
                     fmt::join(kernels, " and "));
}

/// "conv1.weight [64, 3, 7, 7], fc.bias [10], ...": the begin of a list of tensors.
std::string tensors_text(const ShapeMap& shapes) {
  constexpr std::size_t kMost = 4;
  std::vector<std::string> texts;
  for (const auto& [key, shape] : shapes) {
    if (texts.size() == kMost) {
      texts.emplace_back("...");
      break;
    }
    texts.push_back(fmt::format("{} {}", printable(key, 60), shape_text(shape)));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// Throws unless the checkpoint's tensors are those the description wants.
void check_shapes(const ShapeMap& found, const ShapeMap& wanted, const std::string& name) {
  std::string why;
  for (const auto& [key, shape] : wanted) {
    const auto entry = found.find(key);
    if (entry == found.end()) {
      why = fmt::format("'{}' is missing", key);
    } else if (entry->second != shape) {
      why = fmt::format("'{}' has shape {}, not {}", key, shape_text(entry->second),
                        shape_text(shape));
    }
    if (!why.empty()) {
      break;
    }
  }
  for (const auto& [key, shape] : found) {
    if (why.empty() && !wanted.contains(key)) {
      why = fmt::format("'{}' belongs to no layer", printable(key));
    }
  }
  const bool shares_names =
      std::ranges::any_of(found, [&](const auto& entry) { return wanted.contains(entry.first); });
  if (!shares_names) {
    throw FormatError(
        fmt::format("{}: is a checkpoint of another architecture: it holds {}; wanted are {}", name,
                    tensors_text(found), tensors_text(wanted)));
  }
  if (!why.empty()) {
    throw FormatError(
        fmt::format("{}: does not fit the description: {} (the checkpoint: {}; the "
                    "description: {})",
                    name, why, architecture_text(found), architecture_text(wanted)));
  }
}

/// Where the model came from: the file, its digest, and the numbers that lie beside the state_dict.
std::string record(const pickle::Document& document, std::span<const std::uint8_t> bytes,
                   const std::string& name) {
  constexpr std::size_t kMostNumbers = 32;
  constexpr std::size_t kMostCharacters = 100;
  nlohmann::ordered_json json;
  json["format"] = "pytorch";
  json["file"] = std::filesystem::path(name).filename().string();
  json["sha256"] = sha256_hex(bytes);
  nlohmann::ordered_json numbers = nlohmann::ordered_json::object();
  for (const auto& [key_at, value_at] : document.get<pickle::Dict>(document.root)->items) {
    const auto* const key = document.get<std::string>(key_at);
    if (key == nullptr || key->size() > kMostCharacters || numbers.size() == kMostNumbers) {
      continue;
    }
    if (const auto* const whole = document.get<std::int64_t>(value_at)) {
      numbers[*key] = *whole;
    } else if (const auto* const real = document.get<double>(value_at);
               real != nullptr && std::isfinite(*real)) {
      numbers[*key] = *real;
    }
  }
  json["checkpoint"] = std::move(numbers);
  return dump_json(json);
}

}  // namespace

Model parse_pytorch_checkpoint(std::span<const std::uint8_t> bytes, const std::string& name,
                               const AutoencoderSpec& spec) {
  const ShapeMap wanted = shapes_of(spec);
  const TorchArchive archive(bytes, name);
  const pickle::Document document =
      pickle::read(archive.read_up_to("data.pkl", kMaxPickleBytes), name);
  const StateDict tensors = find_state_dict(document, wanted.begin()->first, name);
  check_shapes(shapes_of(tensors), wanted, name);

  Model model{spec, {}, {}};
  for (const auto& [key, view] : tensors) {
    model.weights.emplace(key, load_tensor(archive, *view, fmt::format("{}: '{}'", name, key)));
  }
  try {
    model.validate();
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", name, error.what()));
  }
  model.metadata["import"] = record(document, bytes, name);
  return model;
}

Model import_pytorch_checkpoint(const std::filesystem::path& path, const AutoencoderSpec& spec) {
  return parse_pytorch_checkpoint(read_file(path), path.string(), spec);
}

}  // namespace gradspace
