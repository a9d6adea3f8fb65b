// What the one-class experiment puts side by side: one-class methods, the paper's classifier trained on
// stand-in outliers, and GradCon. A contender knows how it is fitted, what its fit depends on, and which
// challenges it may be judged on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiment/experiment_stages.h"
#include "gradspace/one_class.h"
#include "gradspace/one_class_experiment.h"

namespace gradspace {

/// A run of the experiment whose autoencoder is trained. What it refers to outlives it.
struct ContenderRun {
  const OneClassExperimentOptions& options;
  const ExperimentStages& stages;
  int number = 0;
  std::string model_sha256;
  /// Makes backends for the run's autoencoder.
  std::function<std::unique_ptr<GradientBackend>(std::vector<FeatureBlock>)> make_backend;

  /// Of the contenders' own random numbers.
  std::uint64_t seed() const {
    return options.classifier.seed + static_cast<std::uint64_t>(number);
  }
};

/// Clean images, and what the run's autoencoder says of them.
struct CleanSet {
  const ImageStore& images;
  const Observations& observations;
};

struct CleanImages {
  CleanSet train;
  CleanSet validation;  ///< sets thresholds and chooses epochs
};

/// A contender after its fit.
class FittedContender {
 public:
  virtual ~FittedContender() = default;

  /// One score an image, larger = more out of distribution. Thread-safe.
  virtual std::vector<double> score(const Observations& images) const = 0;
  /// At the experiment's rate of false alarms.
  virtual double threshold() const = 0;
};

class Contender {
 public:
  virtual ~Contender() = default;

  /// Its name in the table; several contenders may share the rows of one.
  virtual std::string method() const = 0;
  /// Tells those apart: names its file.
  virtual std::string text() const { return method(); }
  virtual bool judges(int /*challenge_type*/) const { return true; }
  /// What it wants observed of every image.
  virtual ObservationNeeds needs() const { return {}; }
  /// Contenders of one stage are fitted together, several at a time.
  virtual std::string stage() const { return "fit"; }

  /// The fit that lies in the run's folder; null when there is none, or it is of other data or options.
  virtual std::unique_ptr<FittedContender> read(const ContenderRun& run) const = 0;
  /// Fits and leaves the result in the run's folder. Null when stopped on request.
  virtual std::unique_ptr<FittedContender> fit(const ContenderRun& run,
                                               const CleanImages& clean) const = 0;

  /// What the fit was made of.
  std::string key(const ContenderRun& run) const;

 protected:
  /// What the fit depends on, beside clean images, run and rate of false alarms.
  virtual nlohmann::json ingredients(const ContenderRun& run) const = 0;

  std::filesystem::path path(const ContenderRun& run) const;
  /// Whether a file with this metadata is the fit of this run's data and options.
  bool is_ours(const std::map<std::string, std::string>& metadata, const ContenderRun& run) const;
};

/// All that `OneClassExperimentOptions::methods` may name and the images' extent allows, in the order of
/// their tables.
std::vector<std::string> contender_names(const AutoencoderSpec& spec);

/// Those of the options' methods.
std::vector<std::unique_ptr<Contender>> make_contenders(const OneClassExperimentOptions& options);

}  // namespace gradspace
