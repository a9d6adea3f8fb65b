#include "decoder/decoder_checkpoint.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/hash.h"
#include "core/json.h"
#include "decoder/decoder_loss.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "train/record.h"

namespace gradspace::quality {
namespace {

constexpr std::string_view kCheckpointKind = "decoder checkpoint";
constexpr int kMaxIterations = 1'000'000'000;

Tensor tensor_of(const std::vector<float>& values) {
  return {{static_cast<std::int64_t>(values.size())}, values};
}

std::vector<float> take_values(TensorMap& tensors, const std::string& name,
                               const std::filesystem::path& path) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.values.size() != kDecoderParameters) {
    throw FormatError(fmt::format("{}: damaged: no tensor '{}' of {} values", path.string(), name,
                                  kDecoderParameters));
  }
  return std::move(found->second.values);
}

std::string entry(const SafeTensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? std::string() : found->second;
}

}  // namespace

void write_decoder_checkpoint(const std::filesystem::path& path, const nlohmann::json& identity,
                              const DecoderCheckpoint& checkpoint) {
  SafeTensors file;
  file.tensors["parameters"] = tensor_of(checkpoint.parameters);
  for (std::size_t i = 0; i < checkpoint.memory.size(); ++i) {
    file.tensors[fmt::format("step.{}", i)] = tensor_of(checkpoint.memory[i].step);
    file.tensors[fmt::format("change.{}", i)] = tensor_of(checkpoint.memory[i].change);
  }
  file.metadata["identity"] = identity.dump();
  file.metadata["progress"] = nlohmann::json{
      {"iteration", checkpoint.iteration},
      {"pairs",
       checkpoint.memory.size()}}.dump();
  file.metadata["sha256"] = content_digest(file.metadata["progress"], file.tensors);
  write_safetensors(path, kCheckpointKind, std::move(file));
}

DecoderCheckpoint read_decoder_checkpoint(const std::filesystem::path& path,
                                          const nlohmann::json& identity) {
  const std::string name = path.string();
  SafeTensors file = read_safetensors(path, kCheckpointKind);
  const nlohmann::json there = parse_json(entry(file, "identity"), name);
  if (const std::string differs = difference(there, identity); !differs.empty()) {
    throw InvalidArgument(fmt::format("{}: belongs to another run: {}", name, differs));
  }
  const std::string progress_text = entry(file, "progress");
  if (content_digest(progress_text, file.tensors) != entry(file, "sha256")) {
    throw FormatError(fmt::format("{}: damaged: its checksum does not fit", name));
  }
  const nlohmann::json progress = parse_json(progress_text, name);
  if (!progress.contains("iteration") || !progress.contains("pairs")) {
    throw FormatError(fmt::format("{}: damaged: says nothing of its progress", name));
  }
  DecoderCheckpoint checkpoint;
  checkpoint.iteration = static_cast<int>(
      integer_within(progress["iteration"], 0, kMaxIterations, name + ": iteration"));
  checkpoint.parameters = take_values(file.tensors, "parameters", path);
  const std::int64_t pairs = integer_within(
      progress["pairs"], 0, static_cast<std::int64_t>(Lbfgs::kMemory), name + ": pairs");
  for (std::int64_t i = 0; i < pairs; ++i) {
    checkpoint.memory.push_back({take_values(file.tensors, fmt::format("step.{}", i), path),
                                 take_values(file.tensors, fmt::format("change.{}", i), path)});
  }
  return checkpoint;
}

}  // namespace gradspace::quality
