// What every experiment does the same way: say which stage it is at, stop on request, train the
// autoencoder of a run, find it trained, or take the one that is given.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/one_at_a_time.h"
#include "experiment/experiment_data.h"
#include "experiment/experiment_outputs.h"
#include "experiment/made_of.h"
#include "experiment/run_record.h"
#include "gradspace/job_observer.h"
#include "gradspace/research/experiment.h"

namespace gradspace {

/// Thrown to leave a stage when a stop was asked for.
struct ExperimentStopped {};

/// As the training loop wants them.
TrainOptions train_options(const ExperimentTraining& training);

/// Calls the observer's functions one at a time.
class ExperimentStages {
 public:
  /// `needed`: challenged sets wanted beside those tested against. `options` and `observer` outlive the
  /// object.
  ExperimentStages(const ExperimentOptions& options, const std::vector<SetName>& needed,
                   const ExperimentObserver& observer);

  const ExperimentData& data() const { return data_; }
  std::filesystem::path run_folder(int run) const;
  std::filesystem::path model_path(int run) const;
  /// "test" under every challenge and level.
  std::vector<SetName> challenged_test_sets() const;

  /// The resolved options that every experiment reads, for results.
  nlohmann::json options_record() const;

  /// `why`: why a result that is there is made anew, or empty. Throws ExperimentStopped.
  void begin_stage(std::string_view stage, bool skipped, std::string_view why = {});
  bool stop_requested() const;
  void report(std::size_t done, std::size_t total, std::string_view unit,
              std::string_view note = {}) const;
  /// Each reason once in an experiment.
  void report_failures(const std::vector<std::string>& reasons) const;
  /// Each line once in an experiment.
  void remark(std::string_view line) const;

  /// Passes on what a job says, which counts what `unit` names, and whether it is to stop. The stages outlive the job.
  JobObserver job_observer(std::string_view unit) const;

  /// The whole first stage of a run, at whose end `model_path` is there; returns that file's SHA-256.
  std::string provide_model(int run);

  /// Writes what there is so far, to be looked at should the next run be stopped.
  void write_so_far(Results& results);
  /// Writes what people look at, the report last.
  void finish(ExperimentOutputs& outputs);

 private:
  std::string train(int run);
  /// Copies the given model to the run.
  std::string take_model(int run);
  std::uint64_t train_seed(int run) const;
  /// What a run's model is made of.
  nlohmann::json model_ingredients(int run) const;
  /// What the autoencoder learns from: the images of a clean set, or tiles of them.
  std::shared_ptr<const Source> images_to_train_on(const SetName& set, int run) const;
  void train_anew(int run, const nlohmann::json& ingredients) const;
  /// The first member's.
  std::filesystem::path checkpoint_path(int run, const nlohmann::json& ingredients) const;

  const ExperimentOptions& options_;
  const ExperimentObserver& observer_;
  ExperimentData data_;
  RunRecord record_;
  OneAtATime alone;                     ///< calls of the observer
  mutable std::set<std::string> said_;  ///< failures and remarks that the observer knows
};

}  // namespace gradspace
