#include "gradspace/one_class_experiment.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "experiment/contender.h"
#include "experiment/experiment_outputs.h"
#include "experiment/experiment_stages.h"
#include "gradspace/error.h"
#include "gradspace/one_class.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// One set's scores, a column a contender, as they lie in its file.
struct SetScores {
  std::vector<std::string> paths;
  std::vector<float> bce;
  std::vector<float> kld;
  std::vector<std::vector<double>> scores;
};

json to_json(const SetScores& set, const std::string& key) {
  return {{kExperimentKey, key},
          {"paths", set.paths},
          {"bce", set.bce},
          {"kld", set.kld},
          {"scores", set.scores}};
}

/// Nothing when the file is not of this key, or not a whole one.
std::optional<SetScores> read_scores(const fs::path& path, const std::string& key) {
  if (!fs::exists(path)) {
    return std::nullopt;
  }
  try {
    const json file = parse_json(read_text_file(path), path.string());
    if (file.at(kExperimentKey) != key) {
      return std::nullopt;
    }
    return SetScores{file.at("paths"), file.at("bce"), file.at("kld"), file.at("scores")};
  } catch (const json::exception&) {
    return std::nullopt;
  } catch (const FormatError&) {
    return std::nullopt;
  }
}

/// Clean images and what the run's autoencoder says of them.
struct CleanMaterial {
  std::unique_ptr<ImageStore> train_images;
  std::unique_ptr<ImageStore> validation_images;
  Observations train;
  Observations validation;

  CleanImages view() const { return {{*train_images, train}, {*validation_images, validation}}; }
};

/// Appends what is not there yet.
void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) {
    names.push_back(name);
  }
}

class Experiment {
 public:
  Experiment(const OneClassExperimentOptions& options, const ExperimentObserver& observer)
      : options_(options), stages_(options, {}, observer), contenders_(make_contenders(options)) {
    for (const auto& contender : contenders_) {
      needs_ = merge(needs_, contender->needs());
      add_once(methods_, contender->method());
      add_once(fit_stages_, contender->stage());
    }
  }

  Results execute() {
    fs::create_directories(options_.out);
    ExperimentOutputs outputs(options_.out);
    Results results;
    results.options_json = options_record().dump();
    for (int number = 0; number < options_.runs; ++number) {
      const std::string model_sha256 = stages_.train(number);
      const Model model = read_model(stages_.model_path(number));
      const auto backend = [&](std::vector<FeatureBlock> blocks) {
        return make_gradient_backend(options_.gradient_backend, model, std::move(blocks));
      };
      const ContenderRun run{options_, stages_, number, model_sha256, backend};
      judge(run, fit(run), results, outputs);
      if (number == 0) {
        write_samples(options_.out / "samples", stages_.data(), stages_.challenged_test_sets(),
                      model, *backend({}));
      }
      stages_.write_so_far(results);
    }
    stages_.finish(outputs);
    return results;
  }

 private:
  using Fitted = std::vector<std::unique_ptr<FittedContender>>;  ///< as `contenders_`

  json options_record() const {
    json record = stages_.options_record("experiment one-class");
    record["methods"] = methods_;
    record["false_alarms"] = options_.false_alarms;
    record["stand_in_level"] = options_.stand_in_level;
    record["gradcon_epochs"] = options_.gradcon_epochs;
    return record;
  }

  std::unique_ptr<ImageStore> load(const Source& source) const {
    auto images = std::make_unique<ImageStore>(
        source, options_.spec.input,
        [&](std::size_t done, std::size_t total) { stages_.report(done, total, "images"); });
    stages_.report_failures(images->failures());
    return images;
  }

  /// What all contenders together want to know.
  Observations observe_all(const ContenderRun& run, const ImageStore& images) const {
    return observe([&] { return run.make_backend(needs_.blocks); }, needs_, options_.spec,
                   images.images(0, images.size()));
  }

  CleanMaterial load_clean(const ContenderRun& run) const {
    CleanMaterial clean;
    clean.train_images = load(*stages_.data().open({"train"}));
    clean.validation_images = load(*stages_.data().open({"val"}));
    clean.train = observe_all(run, *clean.train_images);
    clean.validation = observe_all(run, *clean.validation_images);
    return clean;
  }

  /// Fits what is not there yet, stage by stage.
  Fitted fit(const ContenderRun& run) {
    Fitted fitted;
    for (const auto& contender : contenders_) {
      fitted.push_back(contender->read(run));
    }
    std::optional<CleanMaterial> clean;
    for (const std::string& stage : fit_stages_) {
      std::vector<std::size_t> missing;
      for (std::size_t i = 0; i < contenders_.size(); ++i) {
        if (contenders_[i]->stage() == stage && !fitted[i]) {
          missing.push_back(i);
        }
      }
      stages_.begin_stage(fmt::format("run {}: {}", run.number, stage), missing.empty());
      if (missing.empty()) {
        continue;
      }
      if (!clean) {
        clean = load_clean(run);
      }
      fit_together(run, clean->view(), missing, fitted);
    }
    return fitted;
  }

  /// Throws ExperimentStopped when one is left unfitted.
  void fit_together(const ContenderRun& run, const CleanImages& clean,
                    const std::vector<std::size_t>& positions, Fitted& fitted) const {
    std::atomic<std::size_t> done{0};
    std::atomic<bool> stopped{false};
    tbb::parallel_for(std::size_t{0}, positions.size(), [&](std::size_t k) {
      auto& place = fitted[positions[k]];
      place = contenders_[positions[k]]->fit(run, clean);
      if (!place) {
        stopped = true;
      }
      if (positions.size() > 1) {
        stages_.report(++done, positions.size(), "detectors");
      }
    });
    if (stopped) {
      throw ExperimentStopped{};
    }
  }

  /// Scores of a set by all contenders; those of an earlier time where they are there.
  SetScores score(const ContenderRun& run, const SetName& name, const Fitted& fitted) {
    json made_of = {{"stage", "score"},
                    {"model", run.model_sha256},
                    {"backend", options_.gradient_backend.text()},
                    {"set", stages_.data().identity(name)}};
    for (const auto& contender : contenders_) {
      made_of["contenders"].push_back(contender->key(run));
    }
    const std::string key = key_of(made_of);
    const fs::path folder = stages_.run_folder(run.number) / "scores";
    const fs::path path = folder / (name.text() + ".json");
    std::optional<SetScores> there = read_scores(path, key);
    stages_.begin_stage(fmt::format("run {}: score {}", run.number, name.text()),
                        there.has_value());
    if (there) {
      return std::move(*there);
    }
    SetScores set = score_anew(run, name, fitted);
    fs::create_directories(folder);
    write_file(path, to_json(set, key).dump() + "\n");
    return set;
  }

  SetScores score_anew(const ContenderRun& run, const SetName& name, const Fitted& fitted) const {
    const std::shared_ptr<const Source> source = stages_.data().open(name);
    const std::unique_ptr<ImageStore> images = load(*source);
    if (source->size() != images->size()) {
      throw FormatError(fmt::format("{}: {}", name.text(), images->failures().front()));
    }
    const Observations observed = observe_all(run, *images);
    SetScores set{{}, observed.bce, observed.kld, {}};
    for (std::size_t i = 0; i < source->size(); ++i) {
      set.paths.push_back(source->info(i).path);
    }
    set.scores.resize(contenders_.size());
    tbb::parallel_for(std::size_t{0}, contenders_.size(), [&](std::size_t i) {
      if (contenders_[i]->judges(name.type)) {
        set.scores[i] = fitted[i]->score(observed);
      }
    });
    return set;
  }

  void judge(const ContenderRun& run, const Fitted& fitted, Results& results,
             ExperimentOutputs& outputs) {
    const SetName validation{"val", 0, 0};
    add_images(run, validation, score(run, validation, fitted), outputs);
    const SetName clean_name{"test", 0, 0};
    const SetScores clean = score(run, clean_name, fitted);
    add_images(run, clean_name, clean, outputs);
    std::vector<ResultRow> rows;
    for (const SetName& condition : stages_.challenged_test_sets()) {
      const SetScores challenged = score(run, condition, fitted);
      add_images(run, condition, challenged, outputs);
      for (std::size_t i = 0; i < contenders_.size(); ++i) {
        if (contenders_[i]->judges(condition.type)) {
          rows.push_back(
              {contenders_[i]->method(), condition.type, condition.level, run.number,
               detection_metrics(clean.scores[i], challenged.scores[i], fitted[i]->threshold())});
        }
      }
    }
    for (const std::string& method : methods_) {
      std::ranges::copy_if(rows, std::back_inserter(results.rows),
                           [&](const ResultRow& row) { return row.method == method; });
    }
  }

  void add_images(const ContenderRun& run, const SetName& name, const SetScores& set,
                  ExperimentOutputs& outputs) const {
    std::set<std::string> added;
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      // Where several contenders of a method judge the same images, the first stands for them.
      const std::string method = contenders_[i]->method();
      if (!contenders_[i]->judges(name.type) || !added.insert(method).second) {
        continue;
      }
      std::vector<ScoredImage> images;
      for (std::size_t k = 0; k < set.paths.size(); ++k) {
        images.push_back({set.paths[k], set.scores[i][k], set.bce[k], set.kld[k]});
      }
      outputs.add_scores(name, images, method, run.number);
    }
  }

  const OneClassExperimentOptions& options_;
  ExperimentStages stages_;
  std::vector<std::unique_ptr<Contender>> contenders_;
  std::vector<std::string> methods_;     ///< of the contenders, each once
  std::vector<std::string> fit_stages_;  ///< the same
  ObservationNeeds needs_;
};

}  // namespace

OneClassExperimentOptions::OneClassExperimentOptions() {
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    challenges.push_back(info.type);
  }
}

void OneClassExperimentOptions::validate() const {
  ExperimentOptions::validate();
  const std::vector<std::string> possible = contender_names(spec);
  for (const std::string& method : methods) {
    if (std::ranges::find(possible, method) == possible.end()) {
      throw InvalidArgument(
          fmt::format("experiment: no method \"{}\" for images of {}x{}; there are {}", method,
                      spec.input.width, spec.input.height, fmt::join(possible, ", ")));
    }
  }
  OneClassOptions defaults;
  defaults.false_alarms = false_alarms;
  defaults.validate();
  if (stand_in_level < 1 || stand_in_level > challenge::kLevels) {
    throw InvalidArgument(fmt::format("experiment: stand-ins of level {}; 1 to {} are possible",
                                      stand_in_level, challenge::kLevels));
  }
  if (gradcon_epochs < 1) {
    throw InvalidArgument(
        fmt::format("experiment: {} epochs for gradcon; 1 or more are possible", gradcon_epochs));
  }
}

ExperimentResult run_one_class_experiment(const OneClassExperimentOptions& options,
                                          const ExperimentObserver& observer) {
  options.validate();
  try {
    return {Experiment(options, observer).execute(), false};
  } catch (const ExperimentStopped&) {
    return {{}, true};
  }
}

}  // namespace gradspace
