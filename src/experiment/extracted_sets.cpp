#include "experiment/extracted_sets.h"

#include <fmt/format.h>

#include "core/file.h"
#include "core/json.h"
#include "core/unfinished_file.h"
#include "experiment/experiment_kind.h"
#include "gradspace/extract.h"
#include "gradspace/version.h"

namespace gradspace {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// The texts among a set's options.
ResultMetadata noted_with(const FeatureSet& set) {
  ResultMetadata metadata;
  const json options = json::parse(set.meta().options_json);
  for (const auto& [key, value] : options.items()) {
    if (value.is_string()) {
      metadata[key] = value.get<std::string>();
    }
  }
  return metadata;
}

}  // namespace

fs::path extracted_set_path(const ExperimentRun& run, const SetName& set) {
  return run.stages.run_folder(run.number) / "features" / set.text();
}

void extract_set(const ExperimentRun& run, ExperimentStages& stages, const SetName& set) {
  const std::string mu = members_of(run.options) > 1 ? "mu#0" : "mu";
  const std::string request = mu + "," + proposed_features(run.options.spec);
  json ingredients = {{"stage", "extract"},
                      {"version", kVersion},
                      {"model", run.model_sha256},
                      {"features", request},
                      {"backend", run.options.gradient_backend.text()}};
  stages.data().note_set(set, ingredients);
  const fs::path path = extracted_set_path(run, set);
  ResultMetadata metadata;
  note_made_of(metadata, ingredients);
  metadata["features"] = request;
  const std::string options_json = dump_json(json(metadata));
  bool present = false;
  std::string why;
  if (fs::exists(path)) {
    const ResultMetadata there = noted_with(FeatureSet(path));
    present = is_made_of(there, ingredients);
    why = present ? std::string() : why_anew(there, ingredients);
  }
  stages.begin_stage(fmt::format("run {}: extract {}", run.number, set.text()), present, why);
  if (present) {
    // A run that was killed after the set stood there and before its lock was given back left the lock's file.
    sweep_unfinished_files(path.parent_path());
    return;
  }
  make_folder(path.parent_path());
  const std::shared_ptr<const Source> source = stages.data().open(set);
  const std::vector<FeatureBlock> columns =
      parse_features(request, run.options.spec, members_of(run.options));
  FeatureSetMeta meta =
      describe_extraction(*source, set.text(), columns, run.model_sha256, options_json);
  meta.files_state.clear();  // the options say what the files hold: an unfinished set may go on
  FeatureSetWriter writer(path, meta);
  ExtractOptions options;
  options.threads = run.options.threads;
  JobObserver observer = stages.job_observer("images");
  observer.on_failure = nullptr;  // the set knows those of an earlier start, too
  const ExtractResult result = extract_features(
      *source, run.options.spec.input, [&] { return run.make_backend(run.model, columns); }, writer,
      options, observer);
  if (result.stopped) {
    throw ExperimentStopped{};
  }
  const FeatureSet extracted(path);
  for (const FailedImage& failure : extracted.failures()) {
    stages.report_failures({failure.reason});
  }
}

}  // namespace gradspace
