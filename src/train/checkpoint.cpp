#include "train/checkpoint.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "train/record.h"

namespace gradspace {
namespace {

constexpr std::string_view kKind = "checkpoint";
constexpr std::string_view kBestPrefix = "best.";

const std::string& entry(const SafeTensors& file, const std::string& key,
                         const std::filesystem::path& path) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    throw FormatError(fmt::format("{}: not a whole checkpoint: no '{}'", path.string(), key));
  }
  return found->second;
}

void check_history(const nlohmann::json& history, const std::filesystem::path& path) {
  bool any_best = false;
  bool consecutive = true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    consecutive = consecutive && history.at(i).at("epoch") == i + 1;
    any_best = any_best || history.at(i).at("best").get<bool>();
  }
  if (!consecutive || !any_best) {
    throw FormatError(fmt::format("{}: the history of epochs is damaged", path.string()));
  }
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const nlohmann::json& identity,
                      Checkpoint checkpoint) {
  SafeTensors file;
  file.tensors = std::move(checkpoint.state);
  for (auto& [name, tensor] : checkpoint.best) {
    file.tensors.emplace(std::string(kBestPrefix) + name, std::move(tensor));
  }
  std::string history = checkpoint.history.dump();
  file.metadata["identity"] = dump_json(identity);
  file.metadata["sha256"] = content_digest(history, file.tensors);
  file.metadata["history"] = std::move(history);
  write_safetensors(path, kKind, std::move(file));
}

Checkpoint read_checkpoint(const std::filesystem::path& path, const nlohmann::json& identity) {
  SafeTensors file = read_safetensors(path, kKind);
  Checkpoint checkpoint;
  const std::string& history = entry(file, "history", path);
  try {
    const nlohmann::json there = parse_json(entry(file, "identity", path), path.string());
    if (const std::string differs = difference(there, identity); !differs.empty()) {
      throw InvalidArgument(fmt::format("{}: belongs to another run: {}", path.string(), differs));
    }
    if (content_digest(history, file.tensors) != entry(file, "sha256", path)) {
      throw FormatError(fmt::format("{}: damaged: its checksum does not fit", path.string()));
    }
    checkpoint.history = parse_json(history, path.string());
    check_history(checkpoint.history, path);
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(fmt::format("{}: damaged metadata: {}", path.string(), error.what()));
  }
  for (auto& [name, tensor] : file.tensors) {
    if (name.starts_with(kBestPrefix)) {
      checkpoint.best.emplace(name.substr(kBestPrefix.size()), std::move(tensor));
    } else {
      checkpoint.state.emplace(name, std::move(tensor));
    }
  }
  return checkpoint;
}

}  // namespace gradspace
