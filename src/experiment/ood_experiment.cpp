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
#include "core/hash.h"
#include "core/text.h"
#include "experiment/experiment_data.h"
#include "experiment/experiment_outputs.h"
#include "experiment/run_record.h"
#include "gradspace/error.h"
#include "gradspace/extract.h"
#include "gradspace/fit.h"
#include "gradspace/report.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Where each result keeps what it was made of.
constexpr const char* kKey = "experiment_key";

/// Thrown to leave a stage when a stop was asked for.
struct Stopped {};

std::string key_of(const json& ingredients) {
  const std::string text = ingredients.dump();
  return sha256_hex(bytes_of(text));
}

json options_record(const OodExperimentOptions& options, bool makes_challenges) {
  json challenges = json::array();
  for (const challenge::Type type : options.challenges) {
    challenges.push_back(challenge::name(type));
  }
  return {{"command", "experiment ood"},
          {"data", options.data.string()},
          {"runs", options.runs},
          {"spec", json::parse(to_json(options.spec))},
          {"training",
           {{"epochs", options.train.epochs},
            {"batch", options.train.batch},
            {"learning_rate", options.train.learning_rate},
            {"beta", options.train.beta},
            {"seed", options.train.seed}}},
          {"classifier",
           {{"epochs", options.classifier.epochs},
            {"batch", options.classifier.batch},
            {"learning_rate", options.classifier.learning_rate},
            {"seed", options.classifier.seed}}},
          {"challenges", std::move(challenges)},
          {"levels", options.levels},
          {"stand_in", challenge::name(options.stand_in)},
          {"stand_in_level", options.stand_in_level},
          {"challenges_made_in_memory", makes_challenges},
          {"challenge_seed", options.challenge_seed},
          {"post_production", options.challenge.post_production},
          {"training_backend", options.training_backend.text()},
          {"gradient_backend", options.gradient_backend.text()}};
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
        observer_(observer),
        data_(options),
        methods_(compared_methods(options.spec)),
        record_(options.command_line, options.threads) {}

  Results execute() {
    fs::create_directories(options_.out);
    ExperimentOutputs outputs(options_.out);
    Results results;
    results.options_json = options_record(options_, data_.makes_challenges()).dump();
    for (int run = 0; run < options_.runs; ++run) {
      fs::create_directories(run_folder(run) / "features");
      train(run);
      for (const SetName& set : sets()) {
        extract(run, set);
      }
      const std::vector<Detector> detectors = fit(run);
      judge(run, detectors, results, outputs);
      // What is done is there to look at, should the next run be stopped.
      results.record_json = record_.json_text();
      write_results(options_.out, results);
    }
    begin_stage("write results", false);
    outputs.finish(options_.runs);
    if (can_write_report()) {
      write_report(options_.out);
    }
    return results;
  }

 private:
  fs::path run_folder(int run) const { return options_.out / fmt::format("run-{}", run); }
  fs::path model_path(int run) const { return run_folder(run) / "model.safetensors"; }
  fs::path set_path(int run, const SetName& set) const {
    return run_folder(run) / "features" / set.text();
  }

  SetName stand_in(const std::string& split) const {
    return {split, static_cast<int>(options_.stand_in), options_.stand_in_level};
  }

  std::vector<SetName> challenged_test_sets() const {
    std::vector<SetName> sets;
    for (const challenge::Type type : options_.challenges) {
      for (const int level : options_.levels) {
        sets.push_back({"test", static_cast<int>(type), level});
      }
    }
    return sets;
  }

  std::vector<SetName> sets() const {
    std::vector<SetName> all{{"train"}, {"val"}, {"test"}, stand_in("train"), stand_in("val")};
    for (SetName& set : challenged_test_sets()) {
      all.push_back(std::move(set));
    }
    return all;
  }

  void begin_stage(std::string_view stage, bool skipped) {
    if (stop_requested()) {
      throw Stopped{};
    }
    record_.begin_stage(stage, skipped);
    if (observer_.on_stage) {
      observer_.on_stage(stage, skipped);
    }
  }

  bool stop_requested() const { return observer_.stop_requested && observer_.stop_requested(); }

  void report(std::size_t done, std::size_t total, std::string_view unit,
              std::string_view note = {}) const {
    if (observer_.on_progress) {
      observer_.on_progress(done, total, unit, note);
    }
  }

  void report_failures(const std::vector<std::string>& reasons) const {
    for (const std::string& reason : reasons) {
      if (observer_.on_failure) {
        observer_.on_failure(reason);
      }
    }
  }

  TrainOptions train_options(int run) const {
    TrainOptions options = options_.train;
    options.seed += static_cast<std::uint64_t>(run);
    return options;
  }

  std::string train_key(int run) const {
    json options = options_record(options_, data_.makes_challenges()).at("training");
    options["seed"] = train_options(run).seed;
    return key_of({{"stage", "train"},
                   {"version", kVersion},
                   {"spec", to_json(options_.spec)},
                   {"options", options},
                   {"backend", options_.training_backend.text()},
                   {"train", data_.identity({"train"})},
                   {"val", data_.identity({"val"})}});
  }

  void train(int run) {
    const std::string key = train_key(run);
    const fs::path path = model_path(run);
    const bool present = fs::exists(path) && read_model(path).metadata[kKey] == key;
    begin_stage(fmt::format("run {}: train", run), present);
    if (!present) {
      train_anew(run, key);
    }
    model_sha256_ = sha256_hex_of_file(path);
  }

  void train_anew(int run, const std::string& key) {
    TrainOptions options = train_options(run);
    // Named by its key: a checkpoint of other data or options is not this run's.
    options.checkpoint = run_folder(run) / fmt::format("checkpoint-{:.12}.safetensors", key);
    options.resume = true;
    options.log_folder = run_folder(run) / "logs";
    const auto loading = [&](std::size_t done, std::size_t total) {
      report(done, total, "images");
    };
    const ImageStore train_images(*data_.open({"train"}), options_.spec.input, loading);
    const ImageStore validation_images(*data_.open({"val"}), options_.spec.input, loading);
    report_failures(train_images.failures());
    report_failures(validation_images.failures());

    options.backend = options_.training_backend.text();
    const auto backend = make_training_backend(options_.training_backend,
                                               initialise(options_.spec, options.seed), options);
    TrainObserver observer;
    observer.on_step = [&](const TrainProgress& progress) {
      report(
          progress.images_done, progress.images_total, "images",
          fmt::format("epoch {}/{}  loss {:.1f}", progress.epoch, progress.epochs, progress.loss));
    };
    observer.stop_requested = [this] { return stop_requested(); };
    TrainResult result = train_autoencoder(options_.spec, train_images, validation_images, *backend,
                                           options, observer);
    if (result.stopped) {
      throw Stopped{};
    }
    write_file(run_folder(run) / "training.csv", training_csv(result.epochs));
    result.model.metadata[kKey] = key;
    write_model(model_path(run), result.model);
    fs::remove(options.checkpoint);
  }

  void extract(int run, const SetName& set) {
    const std::string request = "mu," + proposed_features(options_.spec);
    const std::string key = key_of({{"stage", "extract"},
                                    {"version", kVersion},
                                    {"model", model_sha256_},
                                    {"features", request},
                                    {"backend", options_.gradient_backend.text()},
                                    {"set", data_.identity(set)}});
    const fs::path path = set_path(run, set);
    const std::string options_json = json{{kKey, key}, {"features", request}}.dump();
    const bool present =
        fs::exists(path) &&
        json::parse(FeatureSet(path).meta().options_json).value(kKey, std::string()) == key;
    begin_stage(fmt::format("run {}: extract {}", run, set.text()), present);
    if (present) {
      return;
    }
    const Model model = read_model(model_path(run));
    const std::shared_ptr<const Source> source = data_.open(set);
    const std::vector<FeatureBlock> columns = parse_features(request, model.spec);
    FeatureSetWriter writer(
        path, describe_extraction(*source, set.text(), columns, model_sha256_, options_json));
    ExtractOptions options;
    options.threads = options_.threads;
    ExtractObserver observer;
    observer.on_progress = [&](std::uint64_t done, std::uint64_t total) {
      report(done, total, "images");
    };
    observer.stop_requested = [this] { return stop_requested(); };
    const ExtractResult result = extract_features(
        *source, model.spec.input,
        [&] { return make_gradient_backend(options_.gradient_backend, model, columns); }, writer,
        options, observer);
    if (result.stopped) {
      throw Stopped{};
    }
    for (const FailedImage& failure : FeatureSet(path).failures()) {
      report_failures({failure.reason});
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
    begin_stage(fmt::format("run {}: fit", run), present);
    std::atomic<std::size_t> epochs_done{0};
    const std::size_t epochs_total =
        methods_.size() * static_cast<std::size_t>(options_.classifier.epochs);
    tbb::parallel_for(std::size_t{0}, methods_.size(), [&](std::size_t i) {
      if (!found[i]) {
        found[i] = fit_detector(data, fit_options(run, methods_[i]), [&](const ClassifierEpoch&) {
          report(++epochs_done, epochs_total, "epochs");
        });
        found[i]->metadata[kKey] = fit_key(run, methods_[i], data);
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
    return run_folder(run) / fmt::format("detector-{}.safetensors", method.name);
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
                   {"options", options_record(options_, false).at("classifier")},
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
    const auto key = detector.metadata.find(kKey);
    const bool ours = key != detector.metadata.end() && key->second == fit_key(run, method, data);
    return ours ? std::optional(std::move(detector)) : std::nullopt;
  }

  void judge(int run, const std::vector<Detector>& detectors, Results& results,
             ExperimentOutputs& outputs) {
    begin_stage(fmt::format("run {}: evaluate", run), false);
    const FeatureSet clean(set_path(run, {"test"}));
    const FeatureSet validation(set_path(run, {"val"}));
    const std::vector<SetName> conditions = challenged_test_sets();
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
      outputs.add_scores(detectors[i], {"val", 0, 0}, validation, method, run);
      outputs.add_scores(detectors[i], {"test", 0, 0}, clean, method, run);
      for (std::size_t k = 0; k < sets.size(); ++k) {
        outputs.add_scores(detectors[i], conditions[k], sets[k], method, run);
      }
    }
    const Model model = read_model(model_path(run));
    outputs.add_fingerprint({"test", 0, 0}, clean, model.spec, run);
    for (std::size_t k = 0; k < sets.size(); ++k) {
      outputs.add_fingerprint(conditions[k], sets[k], model.spec, run);
    }
    if (run == 0) {
      write_samples(
          options_.out / "samples", data_, conditions, model,
          *make_gradient_backend(options_.gradient_backend, model,
                                 parse_features(proposed_features(model.spec), model.spec)));
    }
  }

  const OodExperimentOptions& options_;
  const ExperimentObserver& observer_;
  ExperimentData data_;
  std::vector<Method> methods_;
  RunRecord record_;
  std::string model_sha256_;  ///< of the present run
};

}  // namespace

void OodExperimentOptions::validate() const {
  train.validate();
  classifier.validate();
  spec.validate();
  if (spec.latent == 0) {
    throw InvalidArgument("experiment: the methods compared need a model with a bottleneck");
  }
  if (runs < 1 || runs > 1000) {
    throw InvalidArgument(fmt::format("experiment: {} runs; 1 to 1000 are possible", runs));
  }
  if (challenges.empty() || levels.empty()) {
    throw InvalidArgument("experiment: no challenge or no level to test against");
  }
  for (const int level : levels) {
    if (level < 1 || level > challenge::kLevels) {
      throw InvalidArgument(fmt::format("experiment: level {} is not within 1 to 5", level));
    }
  }
  training_backend.validate();
  gradient_backend.validate();
}

OodExperimentResult run_ood_experiment(const OodExperimentOptions& options,
                                       const ExperimentObserver& observer) {
  options.validate();
  try {
    return {Experiment(options, observer).execute(), false};
  } catch (const Stopped&) {
    return {{}, true};
  }
}

}  // namespace gradspace
