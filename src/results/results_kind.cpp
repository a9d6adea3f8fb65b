#include "results/results_kind.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/json.h"
#include "core/named_entries.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, ResultsKind>, 5> kKinds{
    {{"ood", ResultsKind::kOod},
     {"one-class", ResultsKind::kOneClass},
     {"gradcon", ResultsKind::kGradCon},
     {"image-quality", ResultsKind::kImageQuality},
     {"folder-comparison", ResultsKind::kFolderComparison}}};

constexpr auto kWord = [](const auto& kind) { return kind.first; };

/// A file of 0.1.0 is known by the command that wrote it, and by what it holds.
std::optional<ResultsKind> kind_of_old_file(const json& content) {
  json command;
  if (content.contains("options") && content["options"].is_object()) {
    command = content["options"].value("command", json());
  }
  if (command == "gradcon benchmark") {
    return ResultsKind::kGradCon;
  }
  if (content.contains("summary")) {
    return ResultsKind::kImageQuality;
  }
  if (content.contains("rows")) {
    return command == "experiment one-class" ? ResultsKind::kOneClass : ResultsKind::kOod;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(ResultsKind kind) {
  return kKinds.at(static_cast<std::size_t>(kind)).first;
}

std::optional<ResultsKind> results_kind(const json& content, const std::filesystem::path& path) {
  if (!content.is_object()) {
    return std::nullopt;
  }
  if (!content.contains("kind")) {
    return kind_of_old_file(content);
  }
  const json& kind = content["kind"];
  for (const auto& [word, known] : kKinds) {
    if (kind == word) {
      return known;
    }
  }
  throw FormatError(fmt::format("{}: results of kind {} are not known; there are {}", path.string(),
                                brief(kind), names_of(kKinds, kWord)));
}

ResultsKind require_results_kind(const json& content, const std::filesystem::path& path) {
  const std::optional<ResultsKind> kind = results_kind(content, path);
  if (!kind) {
    throw FormatError(fmt::format("{}: not a results file", path.string()));
  }
  return *kind;
}

std::string present_method_name(std::string name) {
  if (name == "image-pseudo-kinless") {
    return "image-pseudo-holdout";
  }
  return name == "stand-ins" ? "leave-group-out" : std::move(name);
}

}  // namespace gradspace
