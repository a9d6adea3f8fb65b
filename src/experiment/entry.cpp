#include "experiment/entry.h"

#include <fmt/format.h>

#include <utility>

#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "gradspace/version.h"

namespace gradspace {

using nlohmann::json;

std::vector<double> FittedEntry::score(const SetToScore& set) const {
  throw InvalidArgument(
      fmt::format("experiment: {} is looked at photograph by photograph", set.name));
}

std::unique_ptr<PhotographScorer> FittedEntry::photograph_scorer() const {
  throw InvalidArgument("experiment: an entry that looks at whole sets judges no photograph");
}

std::filesystem::path Entry::path(const ExperimentRun& run) const {
  return run.stages.run_folder(run.number) / fmt::format("detector-{}.safetensors", text());
}

bool Entry::is_ours(const ResultMetadata& metadata, const ExperimentRun& run) const {
  return is_made_of(metadata, ingredients(run));
}

std::string Entry::why_anew(const ExperimentRun& run) const {
  if (!std::filesystem::exists(path(run))) {
    return {};
  }
  return gradspace::why_anew(read_safetensors(path(run), "").metadata, ingredients(run));
}

json ingredients_with_clean_images(const std::string& entry, json own, const ExperimentRun& run) {
  // "contender" was the word of 0.1.0: with it, fits that lie in a folder of that time are still found.
  return {{"stage", "fit"},
          {"version", kVersion},
          {"contender", entry},
          {"of", std::move(own)},
          {"run", run.number},
          {"seed", run.options.classifier.seed},
          {"false_alarms", std::get<OneClassExperiment>(run.options.kind).false_alarms},
          {"train", run.stages.data().identity({"train"})},
          {"val", run.stages.data().identity({"val"})}};
}

}  // namespace gradspace
