#include "gradspace/one_class_experiment.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "experiment/experiment_outputs.h"
#include "experiment/experiment_stages.h"
#include "experiment/stand_ins.h"
#include "gradspace/error.h"
#include "gradspace/one_class.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kStandIns = "stand-ins";

/// A detector to fit and to judge: a method, or one of the four classifiers of "stand-ins".
struct Candidate {
  std::string method;
  std::size_t group = 0;  ///< of stand-ins: the kin it has not seen

  bool is_stand_in() const { return method == kStandIns; }
  std::string text() const { return is_stand_in() ? fmt::format("{}-{}", method, group) : method; }
  bool judges(int type) const {
    return !is_stand_in() || type == 0 || stand_in_group(type) == group;
  }
};

std::vector<Candidate> candidates_of(const std::vector<std::string>& methods) {
  std::vector<Candidate> candidates;
  for (const std::string& method : methods) {
    for (std::size_t group = 0; group < (method == kStandIns ? kStandInGroups : 1); ++group) {
      candidates.push_back({method, group});
    }
  }
  return candidates;
}

std::vector<std::string> chosen_methods(const OneClassExperimentOptions& options) {
  if (!options.methods.empty()) {
    return options.methods;
  }
  std::vector<std::string> methods;
  for (const OneClassMethodInfo& info : one_class_methods()) {
    methods.push_back(info.name);
  }
  methods.emplace_back(kStandIns);
  return methods;
}

/// One set's scores, a column a candidate, as they lie in its file.
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

class Experiment {
 public:
  Experiment(const OneClassExperimentOptions& options, const ExperimentObserver& observer)
      : options_(options),
        stages_(options, {}, observer),
        methods_(chosen_methods(options)),
        candidates_(candidates_of(methods_)) {
    for (const Candidate& candidate : candidates_) {
      if (!candidate.is_stand_in()) {
        needs_ = merge(needs_, one_class_needs(std::span(&candidate.method, 1), options.spec));
      }
    }
    ObservationNeeds paper;
    paper.blocks = parse_features(proposed_features(options.spec), options.spec);
    paper.gradients = true;
    needs_ = merge(needs_, paper);
  }

  Results execute() {
    fs::create_directories(options_.out);
    ExperimentOutputs outputs(options_.out);
    Results results;
    results.options_json = options_record().dump();
    for (int run = 0; run < options_.runs; ++run) {
      model_sha256_ = stages_.train(run);
      const Model model = read_model(stages_.model_path(run));
      const std::vector<Detector> detectors = fit(run, model);
      judge(run, model, detectors, results, outputs);
      stages_.write_so_far(results);
    }
    stages_.finish(outputs);
    return results;
  }

 private:
  json options_record() const {
    json record = stages_.options_record("experiment one-class");
    record["methods"] = methods_;
    record["false_alarms"] = options_.false_alarms;
    record["stand_in_level"] = options_.stand_in_level;
    return record;
  }

  std::unique_ptr<GradientBackend> backend(const Model& model,
                                           std::vector<FeatureBlock> blocks) const {
    return make_gradient_backend(options_.gradient_backend, model, std::move(blocks));
  }

  /// The images of a set, as all candidates together need them, and their paths.
  Observations observe_set(const Model& model, const SetName& name,
                           std::vector<std::string>* paths) const {
    const std::shared_ptr<const Source> source = stages_.data().open(name);
    const ImageStore images(*source, options_.spec.input, [&](std::size_t done, std::size_t total) {
      stages_.report(done, total, "images");
    });
    stages_.report_failures(images.failures());
    if (paths != nullptr) {
      for (std::size_t i = 0; i < source->size(); ++i) {
        paths->push_back(source->info(i).path);
      }
      if (paths->size() != images.size()) {
        throw FormatError(fmt::format("{}: {}", name.text(), images.failures().front()));
      }
    }
    return observe([&] { return backend(model, needs_.blocks); }, needs_, options_.spec,
                   images.images(0, images.size()));
  }

  fs::path detector_path(int run, const Candidate& candidate) const {
    return stages_.run_folder(run) / fmt::format("detector-{}.safetensors", candidate.text());
  }

  std::string fit_key(int run, const Candidate& candidate) const {
    json ingredients = {{"stage", "fit"},
                        {"version", kVersion},
                        {"model", model_sha256_},
                        {"candidate", candidate.text()},
                        {"run", run},
                        {"seed", options_.classifier.seed},
                        {"false_alarms", options_.false_alarms},
                        {"backend", options_.gradient_backend.text()},
                        {"train", stages_.data().identity({"train"})},
                        {"val", stages_.data().identity({"val"})}};
    if (candidate.is_stand_in()) {
      ingredients["classifier"] = stages_.options_record("").at("classifier");
      ingredients["level"] = options_.stand_in_level;
      ingredients["challenge_seed"] = options_.challenge_seed;
      ingredients["post_production"] = options_.challenge.post_production;
    }
    return key_of(ingredients);
  }

  std::optional<Detector> read_fitted(int run, const Candidate& candidate) const {
    const fs::path path = detector_path(run, candidate);
    if (!fs::exists(path)) {
      return std::nullopt;
    }
    Detector detector = read_detector(path);
    const auto key = detector.metadata.find(kExperimentKey);
    const bool ours = key != detector.metadata.end() && key->second == fit_key(run, candidate);
    return ours ? std::optional(std::move(detector)) : std::nullopt;
  }

  /// Fits what is not there yet, several at a time.
  std::vector<Detector> fit(int run, const Model& model) {
    std::vector<std::optional<Detector>> found;
    for (const Candidate& candidate : candidates_) {
      found.push_back(read_fitted(run, candidate));
    }
    const bool present = std::ranges::all_of(found, [](const auto& d) { return d.has_value(); });
    stages_.begin_stage(fmt::format("run {}: fit", run), present);
    if (!present) {
      const Observations train = observe_set(model, {"train"}, nullptr);
      const Observations validation = observe_set(model, {"val"}, nullptr);
      std::atomic<std::size_t> done{0};
      tbb::parallel_for(std::size_t{0}, candidates_.size(), [&](std::size_t i) {
        if (!found[i] && !stages_.stop_requested()) {
          found[i] = fit_candidate(run, model, candidates_[i], train, validation);
          found[i]->metadata[kExperimentKey] = fit_key(run, candidates_[i]);
          write_detector(detector_path(run, candidates_[i]), *found[i]);
        }
        stages_.report(++done, candidates_.size(), "detectors");
      });
    }
    std::vector<Detector> detectors;
    for (auto& detector : found) {
      if (!detector) {
        throw ExperimentStopped{};
      }
      detectors.push_back(std::move(*detector));
    }
    return detectors;
  }

  Detector fit_candidate(int run, const Model& model, const Candidate& candidate,
                         const Observations& train, const Observations& validation) const {
    const auto make_backend = [&](std::vector<FeatureBlock> blocks) {
      return backend(model, std::move(blocks));
    };
    const std::uint64_t seed = options_.classifier.seed + static_cast<std::uint64_t>(run);
    if (candidate.is_stand_in()) {
      ClassifierOptions classifier = options_.classifier;
      classifier.seed = seed;
      return fit_stand_ins(
          {stages_.data(), options_.spec, model_sha256_, train, validation, make_backend,
           options_.stand_in_level, options_.false_alarms, classifier},
          candidate.group);
    }
    return fit_one_class({options_.spec, model_sha256_, train, validation, make_backend},
                         {candidate.method, options_.false_alarms, seed});
  }

  /// Scores of a set by all detectors; those of an earlier run where they are there.
  SetScores score(int run, const Model& model, const SetName& name,
                  const std::vector<Detector>& detectors) {
    json made_of = {{"stage", "score"}, {"set", stages_.data().identity(name)}};
    for (const Candidate& candidate : candidates_) {
      made_of["detectors"].push_back(fit_key(run, candidate));
    }
    const std::string key = key_of(made_of);
    const fs::path folder = stages_.run_folder(run) / "scores";
    const fs::path path = folder / (name.text() + ".json");
    std::optional<SetScores> there = read_scores(path, key);
    stages_.begin_stage(fmt::format("run {}: score {}", run, name.text()), there.has_value());
    if (there) {
      return std::move(*there);
    }
    SetScores set;
    const Observations observed = observe_set(model, name, &set.paths);
    set.bce = observed.bce;
    set.kld = observed.kld;
    set.scores.resize(detectors.size());
    tbb::parallel_for(std::size_t{0}, detectors.size(), [&](std::size_t i) {
      if (candidates_[i].judges(name.type)) {
        set.scores[i] = load_score_function(detectors[i], options_.spec)->score(observed);
      }
    });
    fs::create_directories(folder);
    write_file(path, to_json(set, key).dump() + "\n");
    return set;
  }

  void judge(int run, const Model& model, const std::vector<Detector>& detectors, Results& results,
             ExperimentOutputs& outputs) {
    const SetName val_name{"val", 0, 0};
    add_images(run, val_name, score(run, model, val_name, detectors), outputs);
    const SetName clean_name{"test", 0, 0};
    const SetScores clean = score(run, model, clean_name, detectors);
    add_images(run, clean_name, clean, outputs);
    const std::vector<SetName> conditions = stages_.challenged_test_sets();
    std::vector<ResultRow> rows;
    for (const SetName& condition : conditions) {
      const SetScores challenged = score(run, model, condition, detectors);
      add_images(run, condition, challenged, outputs);
      for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (candidates_[i].judges(condition.type)) {
          rows.push_back(
              {candidates_[i].method, condition.type, condition.level, run,
               detection_metrics(clean.scores[i], challenged.scores[i], detectors[i].threshold)});
        }
      }
    }
    for (const std::string& method : methods_) {
      std::ranges::copy_if(rows, std::back_inserter(results.rows),
                           [&](const ResultRow& row) { return row.method == method; });
    }
    if (run == 0) {
      write_samples(options_.out / "samples", stages_.data(), conditions, model,
                    *backend(model, {}));
    }
  }

  void add_images(int run, const SetName& name, const SetScores& set,
                  ExperimentOutputs& outputs) const {
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      // The four classifiers of "stand-ins" have a clean score each; the first stands for them.
      const bool first = name.type != 0 || candidates_[i].group == 0;
      if (!candidates_[i].judges(name.type) || !first) {
        continue;
      }
      std::vector<ScoredImage> images;
      for (std::size_t k = 0; k < set.paths.size(); ++k) {
        images.push_back({set.paths[k], set.scores[i][k], set.bce[k], set.kld[k]});
      }
      outputs.add_scores(name, images, candidates_[i].method, run);
    }
  }

  const OneClassExperimentOptions& options_;
  ExperimentStages stages_;
  std::vector<std::string> methods_;
  std::vector<Candidate> candidates_;
  ObservationNeeds needs_;
  std::string model_sha256_;  ///< of the present run
};

}  // namespace

OneClassExperimentOptions::OneClassExperimentOptions() {
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    challenges.push_back(info.type);
  }
}

void OneClassExperimentOptions::validate() const {
  ExperimentOptions::validate();
  for (const std::string& method : methods) {
    if (method != kStandIns) {
      OneClassOptions{method, false_alarms, 0}.validate();
    }
  }
  if (stand_in_level < 1 || stand_in_level > challenge::kLevels) {
    throw InvalidArgument(fmt::format("experiment: stand-ins of level {}; 1 to {} are possible",
                                      stand_in_level, challenge::kLevels));
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
