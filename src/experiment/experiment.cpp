#include "gradspace/research/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "core/arena.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "experiment/entry.h"
#include "experiment/experiment_kind.h"
#include "experiment/experiment_outputs.h"
#include "experiment/extracted_sets.h"
#include "experiment/mean_intervals.h"
#include "experiment/photograph_scores.h"
#include "experiment/set_scores.h"
#include "gradspace/calibration.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"

namespace gradspace {
namespace {

using Entries = std::vector<std::unique_ptr<Entry>>;
using Fitted = std::vector<std::unique_ptr<FittedEntry>>;  ///< as the entries

/// The place of the clean test set among those that are scored; the conditions follow.
constexpr std::size_t kCleanTest = 1;

/// Clean images in memory and what the run's autoencoder says of them.
struct CleanMaterial {
  std::unique_ptr<ImageStore> train_images;
  std::unique_ptr<ImageStore> validation_images;
  Observations train;
  Observations validation;

  CleanImages view() const { return {{*train_images, train}, {*validation_images, validation}}; }
};

/// Appends what is not there yet.
template <typename T>
void add_once(std::vector<T>& list, const T& value) {
  if (std::ranges::find(list, value) == list.end()) {
    list.push_back(value);
  }
}

/// Challenged sets that the entries learn from.
std::vector<SetName> sets_learnt_from(const Entries& entries) {
  std::vector<SetName> sets;
  for (const auto& entry : entries) {
    for (const SetName& set : entry->learns_from()) {
      add_once(sets, set);
    }
  }
  return sets;
}

/// Thresholds are taken from clean images: that there are enough of them is made sure of before anything is trained.
/// Throws InvalidArgument.
void require_clean_images(const ExperimentOptions& options, const ExperimentData& data,
                          const std::vector<std::string>& methods) {
  const auto* experiment = std::get_if<OneClassExperiment>(&options.kind);
  if (experiment == nullptr) {
    return;
  }
  if (experiment->tiles) {
    const std::shared_ptr<const Source> clean = data.open({"train"});
    for (const std::string& method : methods) {
      require_photographs(*clean,
                          photograph_options(options, method, options.classifier.seed, *clean));
    }
    return;
  }
  const std::size_t images = data.open({"val"})->size();
  try {
    conformal_rank(images, experiment->false_alarms);
  } catch (const InvalidArgument&) {
    const double wanted = std::ceil(1 / experiment->false_alarms) - 1;
    const double least_rate = std::ceil(1000 / (static_cast<double>(images) + 1)) / 1000;
    throw InvalidArgument(fmt::format(
        "{}: {} clean val images; a rate of false alarms of {} takes at least {:.0f}{}",
        options.data.string(), images, experiment->false_alarms, wanted,
        least_rate < 1 ? fmt::format(" (--false-alarms {} can be had with these)", least_rate)
                       : ""));
  }
}

/// One experiment, whatever its entries are. A run goes through these stages: train the autoencoder, or take it;
/// extract feature sets, where an entry looks at such; fit the entries; score the sets; judge.
class Experiment {
 public:
  Experiment(const ExperimentOptions& options, const ExperimentObserver& observer)
      : options_(options),
        entries_(make_entries(options)),
        learnt_from_(sets_learnt_from(entries_)),
        stages_(options, learnt_from_, observer),
        scored_{{"val"}, {"test"}} {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const Entry& entry = *entries_[i];
      needs_ = merge(needs_, entry.needs());
      add_once(methods_, entry.method());
      add_once(fit_stages_, entry.stage());
      (entry.looks_at() == LooksAt::kFeatureSets ? extracting_ : seeing_images_).push_back(i);
    }
    require_clean_images(options, stages_.data(), methods_);
    std::ranges::move(stages_.challenged_test_sets(), std::back_inserter(scored_));
  }

  Results execute() {
    const OutputLock lock = OutputLock::of_folder(options_.out);
    ExperimentOutputs outputs(options_.out);
    Results results;
    results.kind = results_kind(options_);
    nlohmann::json record = stages_.options_record();
    record.update(options_record(options_, methods_));
    results.options_json = dump_json(record);
    std::optional<MeanIntervals> intervals;
    for (int number = 0; number < options_.runs; ++number) {
      execute_run(number, results, intervals, outputs);
      results.mean_intervals = intervals->intervals();
      stages_.write_so_far(results);
    }
    stages_.finish(outputs);
    return results;
  }

 private:
  void execute_run(int number, Results& results, std::optional<MeanIntervals>& intervals,
                   ExperimentOutputs& outputs) {
    const std::string model_sha256 = stages_.provide_model(number);
    const Model model = read_model(stages_.model_path(number));
    const Model first = member_of(model, 0);
    const ExperimentRun run{options_, stages_, number, model, first, model_sha256};
    if (!extracting_.empty()) {
      extract(run);
    }
    const Fitted fitted = fit(run);
    std::vector<SetScores> sets(scored_.size());
    if (!extracting_.empty()) {
      score_feature_sets(run, fitted, sets, outputs);
    }
    if (!seeing_images_.empty()) {
      score_images(run, fitted, sets, outputs);
    }
    judge(run, fitted, sets, results, intervals);
    if (number == 0) {
      write_samples(options_.out / "samples", stages_.data(), stages_.challenged_test_sets(), first,
                    *run.make_backend(first, {}), tiles_of(options_));
    }
  }

  void extract(const ExperimentRun& run) {
    std::vector<SetName> sets{{"train"}, {"val"}, {"test"}};
    std::ranges::copy(learnt_from_, std::back_inserter(sets));
    for (const SetName& set : stages_.challenged_test_sets()) {
      add_once(sets, set);
    }
    for (const SetName& set : sets) {
      extract_set(run, stages_, set);
    }
  }

  std::unique_ptr<ImageStore> load(const Source& source) const {
    auto images = std::make_unique<ImageStore>(
        source, options_.spec.input,
        [&](std::size_t done, std::size_t total) { stages_.report(done, total, "images"); });
    stages_.report_failures(images->failures());
    return images;
  }

  /// What all entries together want to know.
  Observations observe_all(const ExperimentRun& run, const ImageStore& images) const {
    return observe([&] { return run.make_backend(run.first, needs_.blocks); }, needs_,
                   options_.spec, images.images(0, images.size()));
  }

  CleanMaterial load_clean(const ExperimentRun& run) const {
    CleanMaterial clean;
    clean.train_images = load(*stages_.data().open({"train"}));
    clean.validation_images = load(*stages_.data().open({"val"}));
    clean.train = observe_all(run, *clean.train_images);
    clean.validation = observe_all(run, *clean.validation_images);
    return clean;
  }

  /// Fits what is not there yet, stage by stage.
  Fitted fit(const ExperimentRun& run) {
    Fitted fitted;
    for (const auto& entry : entries_) {
      fitted.push_back(entry->read(run));
    }
    std::optional<CleanMaterial> clean;
    for (const std::string& stage : fit_stages_) {
      std::vector<std::size_t> missing;
      std::string why;
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i]->stage() == stage && !fitted[i]) {
          missing.push_back(i);
          why = why.empty() ? entries_[i]->why_anew(run) : why;
        }
      }
      stages_.begin_stage(fmt::format("run {}: {}", run.number, stage), missing.empty(), why);
      const bool observe = std::ranges::any_of(missing, [&](std::size_t i) {
        return entries_[i]->looks_at() == LooksAt::kObservations;
      });
      if (observe && !clean) {
        clean = load_clean(run);
      }
      if (!missing.empty()) {
        fit_together(run, clean, missing, fitted);
      }
    }
    return fitted;
  }

  /// Throws ExperimentStopped when one is left unfitted.
  void fit_together(const ExperimentRun& run, const std::optional<CleanMaterial>& clean,
                    const std::vector<std::size_t>& positions, Fitted& fitted) const {
    const std::optional<CleanImages> images =
        clean ? std::optional(clean->view()) : std::optional<CleanImages>();
    std::size_t total = 0;
    for (const std::size_t i : positions) {
      total += entries_[i]->steps();
    }
    const std::string unit = entries_[positions.front()]->step_unit();
    std::mutex mutex;  // so that the observer sees the numbers in order
    std::size_t done = 0;
    const auto on_step = [&] {
      const std::scoped_lock lock(mutex);
      if (total > 1) {
        stages_.report(++done, total, unit);
      }
    };
    std::atomic<bool> stopped{false};
    parallel_for(positions.size(), [&](std::size_t k) {
      auto& place = fitted[positions[k]];
      place = entries_[positions[k]]->fit({run, images ? &*images : nullptr, on_step});
      if (!place) {
        stopped = true;
      }
    });
    if (stopped) {
      throw ExperimentStopped{};
    }
  }

  /// Feature sets lie on disk, all of them: an entry at a time goes through them.
  void score_feature_sets(const ExperimentRun& run, const Fitted& fitted,
                          std::vector<SetScores>& sets, ExperimentOutputs& outputs) {
    stages_.begin_stage(fmt::format("run {}: evaluate", run.number), false);
    std::vector<FeatureSet> features;
    features.reserve(scored_.size());
    for (std::size_t k = 0; k < scored_.size(); ++k) {
      const FeatureSet& set = features.emplace_back(extracted_set_path(run, scored_[k]));
      for (std::size_t i = 0; i < set.size(); ++i) {
        FeatureRow row = set.index_row(i);
        sets[k].paths.push_back(std::move(row.image.path));
        sets[k].bce.push_back(row.bce);
        sets[k].kld.push_back(row.kld);
      }
      sets[k].scores.resize(entries_.size());
      if (scored_[k].split == "test") {
        outputs.add_fingerprint(scored_[k], set, options_.spec, run.number);
      }
    }
    for (const std::size_t i : extracting_) {
      for (std::size_t k = 0; k < scored_.size(); ++k) {
        if (entries_[i]->judges(scored_[k].type)) {
          sets[k].scores[i] = fitted[i]->score({scored_[k].text(), nullptr, &features[k]});
          outputs.add_scores(scored_[k], sets[k], i, entries_[i]->method(), run.number);
        }
      }
    }
  }

  /// A set is read once for all entries that look at its images; scores of an earlier time are taken where they are
  /// there.
  void score_images(const ExperimentRun& run, const Fitted& fitted, std::vector<SetScores>& sets,
                    ExperimentOutputs& outputs) {
    for (std::size_t k = 0; k < scored_.size(); ++k) {
      SetScores set = scores_of_images(run, scored_[k], fitted);
      add_images(run, scored_[k], set, outputs);
      set.scores.resize(entries_.size());
      for (const std::size_t i : extracting_) {
        set.scores[i] = std::move(sets[k].scores[i]);
      }
      sets[k] = std::move(set);
    }
  }

  SetScores scores_of_images(const ExperimentRun& run, const SetName& name, const Fitted& fitted) {
    nlohmann::json made_of = {{"stage", "score"},
                              {"model", run.model_sha256},
                              {"backend", options_.gradient_backend.text()}};
    stages_.data().note_set(name, made_of);
    for (const std::size_t i : seeing_images_) {
      made_of["entries"].push_back(entries_[i]->key(run));
    }
    const std::filesystem::path folder = stages_.run_folder(run.number) / "scores";
    const std::filesystem::path path = folder / (name.text() + ".json");
    std::string why;
    std::optional<SetScores> there = read_set_scores(path, made_of, why);
    stages_.begin_stage(fmt::format("run {}: score {}", run.number, name.text()), there.has_value(),
                        why);
    if (there) {
      return std::move(*there);
    }
    SetScores set =
        tiles_of(options_) ? judge_photographs(name, fitted) : score_anew(run, name, fitted);
    make_folder(folder);
    write_set_scores(path, set, made_of);
    return set;
  }

  SetScores judge_photographs(const SetName& name, const Fitted& fitted) const {
    std::vector<const FittedEntry*> judges(entries_.size(), nullptr);
    for (const std::size_t i : seeing_images_) {
      judges[i] = entries_[i]->judges(name.type) ? fitted[i].get() : nullptr;
    }
    return score_photographs(*stages_.data().open(name), name.text(), judges, stages_);
  }

  /// Observations of the set are in memory while all entries look at them. Images that can't be read are left out.
  SetScores score_anew(const ExperimentRun& run, const SetName& name, const Fitted& fitted) const {
    const std::shared_ptr<const Source> source = stages_.data().open(name);
    const std::unique_ptr<ImageStore> images = load(*source);
    const Observations observed = observe_all(run, *images);
    SetScores set{{}, observed.bce, observed.kld, {}};
    for (std::size_t i = 0; i < images->size(); ++i) {
      set.paths.push_back(source->info(images->position(i)).path);
    }
    set.scores.resize(entries_.size());
    parallel_for(seeing_images_.size(), [&](std::size_t k) {
      const std::size_t i = seeing_images_[k];
      if (entries_[i]->judges(name.type)) {
        set.scores[i] = fitted[i]->score({name.text(), &observed, nullptr});
      }
    });
    return set;
  }

  void add_images(const ExperimentRun& run, const SetName& name, const SetScores& set,
                  ExperimentOutputs& outputs) const {
    std::set<std::string> added;
    for (const std::size_t i : seeing_images_) {
      // Where several entries of a method judge the same images, the first stands for them.
      const std::string method = entries_[i]->method();
      if (entries_[i]->judges(name.type) && added.insert(method).second) {
        outputs.add_scores(name, set, i, method, run.number);
      }
    }
  }

  /// Clean against challenged test images, method by method.
  void judge(const ExperimentRun& run, const Fitted& fitted, const std::vector<SetScores>& sets,
             Results& results, std::optional<MeanIntervals>& intervals) const {
    const std::vector<std::vector<Interval>> of_entries =
        auroc_intervals(run.number, sets, intervals);
    for (const std::string& method : methods_) {
      for (std::size_t k = kCleanTest + 1; k < sets.size(); ++k) {
        const SetName& condition = scored_[k];
        for (std::size_t i = 0; i < entries_.size(); ++i) {
          if (entries_[i]->method() == method && entries_[i]->judges(condition.type)) {
            ResultRow& row = results.rows.emplace_back(
                ResultRow{method, condition.type, condition.level, run.number,
                          detection_metrics(sets[kCleanTest].scores[i], sets[k].scores[i],
                                            fitted[i]->threshold())});
            row.auroc_interval = of_entries[i][k];
          }
        }
      }
    }
  }

  /// Adds the run's part to the intervals of means. Returns, for each entry, those of the sets that it judges, in the
  /// places that these have among all.
  std::vector<std::vector<Interval>> auroc_intervals(
      int number, const std::vector<SetScores>& sets,
      std::optional<MeanIntervals>& intervals) const {
    if (!intervals) {
      std::size_t outliers = 0;
      for (std::size_t k = kCleanTest + 1; k < sets.size(); ++k) {
        outliers += sets[k].paths.size();
      }
      intervals.emplace(outliers * methods_.size());
    }
    std::vector<std::vector<Interval>> of_entries(entries_.size(),
                                                  std::vector<Interval>(sets.size()));
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::vector<MeanIntervals::Condition> conditions;
      std::vector<std::size_t> places;
      for (std::size_t k = kCleanTest + 1; k < sets.size(); ++k) {
        if (entries_[i]->judges(scored_[k].type)) {
          conditions.push_back({scored_[k].type, sets[k].scores[i]});
          places.push_back(k);
        }
      }
      if (conditions.empty()) {
        continue;
      }
      const std::vector<Interval> found =
          intervals->add(entries_[i]->method(), number, sets[kCleanTest].scores[i], conditions);
      for (std::size_t c = 0; c < found.size(); ++c) {
        of_entries[i][places[c]] = found[c];
      }
    }
    return of_entries;
  }

  const ExperimentOptions& options_;
  Entries entries_;
  std::vector<SetName> learnt_from_;
  ExperimentStages stages_;
  std::vector<SetName> scored_;             ///< clean "val" and "test", then the conditions
  std::vector<std::string> methods_;        ///< of the entries, each once
  std::vector<std::string> fit_stages_;     ///< the same
  std::vector<std::size_t> extracting_;     ///< positions of the entries that look at feature sets
  std::vector<std::size_t> seeing_images_;  ///< of those that look at images
  ObservationNeeds needs_;
};

}  // namespace

ExperimentResult run_experiment(const ExperimentOptions& options,
                                const ExperimentObserver& observer) {
  options.validate();
  const ExperimentOptions resolved = with_defaults(options);
  resolved.validate();  // what a given model is not fit for shows only now
  return in_arena(options.threads, [&]() -> ExperimentResult {
    try {
      return {Experiment(resolved, observer).execute(), false};
    } catch (const ExperimentStopped&) {
      return {{}, true};
    }
  });
}

}  // namespace gradspace
