#include "experiment/extracted_sets.h"

#include <fmt/format.h>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/extract.h"
#include "gradspace/version.h"

namespace gradspace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path extracted_set_path(const ExperimentRun& run, const SetName& set) {
  return run.stages.run_folder(run.number) / "features" / set.text();
}

void extract_set(const ExperimentRun& run, ExperimentStages& stages, const SetName& set) {
  const std::string request = "mu," + proposed_features(run.options.spec);
  const std::string key = key_of({{"stage", "extract"},
                                  {"version", kVersion},
                                  {"model", run.model_sha256},
                                  {"features", request},
                                  {"backend", run.options.gradient_backend.text()},
                                  {"set", stages.data().identity(set)}});
  const fs::path path = extracted_set_path(run, set);
  const std::string options_json = dump_json(json{{kExperimentKey, key}, {"features", request}});
  const bool present =
      fs::exists(path) &&
      json::parse(FeatureSet(path).meta().options_json).value(kExperimentKey, std::string()) == key;
  stages.begin_stage(fmt::format("run {}: extract {}", run.number, set.text()), present);
  if (present) {
    return;
  }
  make_folder(path.parent_path());
  const std::shared_ptr<const Source> source = stages.data().open(set);
  const std::vector<FeatureBlock> columns = parse_features(request, run.options.spec);
  FeatureSetWriter writer(
      path, describe_extraction(*source, set.text(), columns, run.model_sha256, options_json));
  ExtractOptions options;
  options.threads = run.options.threads;
  JobObserver observer;
  observer.on_progress = [&](std::uint64_t done, std::uint64_t total) {
    stages.report(done, total, "images");
  };
  observer.stop_requested = [&] { return stages.stop_requested(); };
  const ExtractResult result = extract_features(
      *source, run.options.spec.input, [&] { return run.make_backend(columns); }, writer, options,
      observer);
  if (result.stopped) {
    throw ExperimentStopped{};
  }
  const FeatureSet extracted(path);
  for (const FailedImage& failure : extracted.failures()) {
    stages.report_failures({failure.reason});
  }
}

}  // namespace gradspace
