#include "gradspace/ood_experiment.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/file.h"
#include "experiment/experiment_data.h"
#include "experiment/experiment_outputs.h"
#include "experiment/experiment_stages.h"
#include "gradspace/error.h"
#include "gradspace/extract.h"
#include "gradspace/fit.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json options_record(const OodExperimentOptions& options, const ExperimentStages& stages) {
  json record = stages.options_record("experiment ood");
  record["stand_in"] = challenge::name(options.stand_in);
  record["stand_in_level"] = options.stand_in_level;
  return record;
}

/// The four methods that the paper compares: a name and the features it looks at.
struct Method {
  std::string name;
  std::string features;
};

std::vector<Method> compared_methods(const AutoencoderSpec& spec) {
  const std::string encoder = fmt::format("down.{}:kld", 2 * (spec.down.size() - 1));
  const std::string decoder = fmt::format("up.{}:bce", 2 * (spec.up.size() - 1));
  return {{"VAE-A", "mu"},
          {"VAE-R", decoder},
          {"VAE-L", encoder},
          {"proposed", fmt::format("{},{}", encoder, decoder)}};
}

class Experiment {
 public:
  Experiment(const OodExperimentOptions& options, const ExperimentObserver& observer)
      : options_(options),
        stages_(options, {stand_in("train"), stand_in("val")}, observer),
        methods_(compared_methods(options.spec)) {}

  Results execute() {
    fs::create_directories(options_.out);
    ExperimentOutputs outputs(options_.out);
    Results results;
    results.options_json = options_record(options_, stages_).dump();
    for (int run = 0; run < options_.runs; ++run) {
      fs::create_directories(stages_.run_folder(run) / "features");
      model_sha256_ = stages_.train(run);
      for (const SetName& set : sets()) {
        extract(run, set);
      }
      const std::vector<Detector> detectors = fit(run);
      judge(run, detectors, results, outputs);
      stages_.write_so_far(results);
    }
    stages_.finish(outputs);
    return results;
  }

 private:
  fs::path set_path(int run, const SetName& set) const {
    return stages_.run_folder(run) / "features" / set.text();
  }

  SetName stand_in(const std::string& split) const {
    return {split, static_cast<int>(options_.stand_in), options_.stand_in_level};
  }

  std::vector<SetName> sets() const {
    std::vector<SetName> all{{"train"}, {"val"}, {"test"}, stand_in("train"), stand_in("val")};
    for (SetName& set : stages_.challenged_test_sets()) {
      all.push_back(std::move(set));
    }
    return all;
  }

  void extract(int run, const SetName& set) {
    const std::string request = "mu," + proposed_features(options_.spec);
    const std::string key = key_of({{"stage", "extract"},
                                    {"version", kVersion},
                                    {"model", model_sha256_},
                                    {"features", request},
                                    {"backend", options_.gradient_backend.text()},
                                    {"set", stages_.data().identity(set)}});
    const fs::path path = set_path(run, set);
    const std::string options_json = json{{kExperimentKey, key}, {"features", request}}.dump();
    const bool present =
        fs::exists(path) &&
        json::parse(FeatureSet(path).meta().options_json).value(kExperimentKey, std::string()) ==
            key;
    stages_.begin_stage(fmt::format("run {}: extract {}", run, set.text()), present);
    if (present) {
      return;
    }
    const Model model = read_model(stages_.model_path(run));
    const std::shared_ptr<const Source> source = stages_.data().open(set);
    const std::vector<FeatureBlock> columns = parse_features(request, model.spec);
    FeatureSetWriter writer(
        path, describe_extraction(*source, set.text(), columns, model_sha256_, options_json));
    ExtractOptions options;
    options.threads = options_.threads;
    ExtractObserver observer;
    observer.on_progress = [&](std::uint64_t done, std::uint64_t total) {
      stages_.report(done, total, "images");
    };
    observer.stop_requested = [this] { return stages_.stop_requested(); };
    const ExtractResult result = extract_features(
        *source, model.spec.input,
        [&] { return make_gradient_backend(options_.gradient_backend, model, columns); }, writer,
        options, observer);
    if (result.stopped) {
      throw ExperimentStopped{};
    }
    const FeatureSet extracted(path);
    for (const FailedImage& failure : extracted.failures()) {
      stages_.report_failures({failure.reason});
    }
  }

  /// Fits what is not there yet, the four methods side by side.
  std::vector<Detector> fit(int run) {
    const FeatureSet inliers(set_path(run, {"train"}));
    const FeatureSet outliers(set_path(run, stand_in("train")));
    const FeatureSet validation_inliers(set_path(run, {"val"}));
    const FeatureSet validation_outliers(set_path(run, stand_in("val")));
    const FitData data{inliers, outliers, &validation_inliers, &validation_outliers};

    std::vector<std::optional<Detector>> found(methods_.size());
    for (std::size_t i = 0; i < methods_.size(); ++i) {
      found[i] = read_fitted(run, methods_[i], data);
    }
    const bool present = std::all_of(found.begin(), found.end(),
                                     [](const auto& detector) { return detector.has_value(); });
    stages_.begin_stage(fmt::format("run {}: fit", run), present);
    std::atomic<std::size_t> epochs_done{0};
    const std::size_t epochs_total =
        methods_.size() * static_cast<std::size_t>(options_.classifier.epochs);
    tbb::parallel_for(std::size_t{0}, methods_.size(), [&](std::size_t i) {
      if (!found[i]) {
        found[i] = fit_detector(data, fit_options(run, methods_[i]), [&](const ClassifierEpoch&) {
          stages_.report(++epochs_done, epochs_total, "epochs");
        });
        found[i]->metadata[kExperimentKey] = fit_key(run, methods_[i], data);
        write_detector(detector_path(run, methods_[i]), *found[i]);
      }
    });
    std::vector<Detector> detectors;
    for (auto& detector : found) {
      detectors.push_back(std::move(*detector));
    }
    return detectors;
  }

  fs::path detector_path(int run, const Method& method) const {
    return stages_.run_folder(run) / fmt::format("detector-{}.safetensors", method.name);
  }

  FitOptions fit_options(int run, const Method& method) const {
    FitOptions options;
    options.features = method.features;
    options.classifier = options_.classifier;
    options.classifier.seed += static_cast<std::uint64_t>(run);
    return options;
  }

  std::string fit_key(int run, const Method& method, const FitData& data) const {
    return key_of({{"stage", "fit"},
                   {"version", kVersion},
                   {"features", method.features},
                   {"options", stages_.options_record("").at("classifier")},
                   {"seed", fit_options(run, method).classifier.seed},
                   {"sets",
                    {data.inliers.meta().options_json, data.outliers.meta().options_json,
                     data.validation_inliers->meta().options_json,
                     data.validation_outliers->meta().options_json}}});
  }

  std::optional<Detector> read_fitted(int run, const Method& method, const FitData& data) const {
    const fs::path path = detector_path(run, method);
    if (!fs::exists(path)) {
      return std::nullopt;
    }
    Detector detector = read_detector(path);
    const auto key = detector.metadata.find(kExperimentKey);
    const bool ours = key != detector.metadata.end() && key->second == fit_key(run, method, data);
    return ours ? std::optional(std::move(detector)) : std::nullopt;
  }

  void judge(int run, const std::vector<Detector>& detectors, Results& results,
             ExperimentOutputs& outputs) {
    stages_.begin_stage(fmt::format("run {}: evaluate", run), false);
    const FeatureSet clean(set_path(run, {"test"}));
    const FeatureSet validation(set_path(run, {"val"}));
    const std::vector<SetName> conditions = stages_.challenged_test_sets();
    std::vector<FeatureSet> sets;
    std::vector<NamedSet> named;
    sets.reserve(conditions.size());
    for (const SetName& condition : conditions) {
      sets.emplace_back(set_path(run, condition));
      named.push_back({set_path(run, condition).string(), &sets.back()});
    }
    for (std::size_t i = 0; i < methods_.size(); ++i) {
      const std::string& method = methods_[i].name;
      const auto rows =
          evaluate_detector(detectors[i], {"clean test set", &clean}, named, method, run);
      results.rows.insert(results.rows.end(), rows.begin(), rows.end());
      const auto add_scores = [&](const SetName& name, const FeatureSet& set) {
        outputs.add_scores(name, scored_images(detectors[i], name, set), method, run);
      };
      add_scores({"val", 0, 0}, validation);
      add_scores({"test", 0, 0}, clean);
      for (std::size_t k = 0; k < sets.size(); ++k) {
        outputs.add_scores(conditions[k], scored_images(detectors[i], conditions[k], sets[k]),
                           method, run);
      }
    }
    const Model model = read_model(stages_.model_path(run));
    outputs.add_fingerprint({"test", 0, 0}, clean, model.spec, run);
    for (std::size_t k = 0; k < sets.size(); ++k) {
      outputs.add_fingerprint(conditions[k], sets[k], model.spec, run);
    }
    if (run == 0) {
      write_samples(
          options_.out / "samples", stages_.data(), conditions, model,
          *make_gradient_backend(options_.gradient_backend, model,
                                 parse_features(proposed_features(model.spec), model.spec)));
    }
  }

  const OodExperimentOptions& options_;
  ExperimentStages stages_;
  std::vector<Method> methods_;
  std::string model_sha256_;  ///< of the present run
};

}  // namespace

OodExperimentOptions::OodExperimentOptions() {
  using challenge::Type;
  challenges = {Type::kDecolorization, Type::kLensBlur, Type::kCodecError,
                Type::kDirtyLens,      Type::kNoise,    Type::kRain};
}

void OodExperimentOptions::validate() const {
  ExperimentOptions::validate();
  if (spec.latent == 0) {
    throw InvalidArgument("experiment: the methods compared need a model with a bottleneck");
  }
}

ExperimentResult run_ood_experiment(const OodExperimentOptions& options,
                                    const ExperimentObserver& observer) {
  options.validate();
  try {
    return {Experiment(options, observer).execute(), false};
  } catch (const ExperimentStopped&) {
    return {{}, true};
  }
}

}  // namespace gradspace
