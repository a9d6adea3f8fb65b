// What an experiment puts side by side: its entries. An entry knows how its detector is fitted, what the
// fit depends on, which challenges it may be judged on, and in which form it looks at images.
//
// A new entry is a file with a function that returns its methods, and a line in entries.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "experiment/experiment_stages.h"
#include "gradspace/feature_set.h"
#include "gradspace/one_class.h"
#include "gradspace/photograph.h"
#include "gradspace/research/experiment.h"

namespace gradspace {

/// A run of the experiment whose autoencoder is trained. What it refers to outlives it.
struct ExperimentRun {
  const ExperimentOptions& options;
  const ExperimentStages& stages;
  int number = 0;
  const Model& model;  ///< all of its autoencoders
  const Model& first;  ///< the first of them, which most entries look at
  std::string model_sha256;

  std::unique_ptr<GradientBackend> make_backend(const Model& of,
                                                std::vector<FeatureBlock> blocks) const {
    return make_gradient_backend(options.gradient_backend, of, std::move(blocks));
  }

  /// Of the entries' own random numbers.
  std::uint64_t seed() const {
    return options.classifier.seed + static_cast<std::uint64_t>(number);
  }
};

/// Clean images in memory, and what the run's autoencoder says of them.
struct CleanSet {
  const ImageStore& images;
  const Observations& observations;
};

struct CleanImages {
  CleanSet train;
  CleanSet validation;  ///< sets thresholds and chooses epochs
};

/// In which form an entry looks at images.
enum class LooksAt {
  kObservations,  ///< in memory, one set at a time
  kFeatureSets,   ///< on disk, extracted before the fit and left there
  kPhotographs,   ///< files at their own size, one after the other
};

/// A set to be scored, in the form that the entry looks at; the other pointer is null.
struct SetToScore {
  std::string name;
  const Observations* observations = nullptr;
  const FeatureSet* features = nullptr;
};

/// An entry after its fit: has the first of these functions, or, where it looks at photographs, the second.
class FittedEntry {
 public:
  virtual ~FittedEntry() = default;

  /// One score an image, larger = more out of distribution. Thread-safe.
  virtual std::vector<double> score(const SetToScore& set) const;
  /// Judges photographs. Thread-safe; what it returns is for one thread at a time.
  virtual std::unique_ptr<PhotographScorer> photograph_scorer() const;
  /// What accuracies are taken at.
  virtual double threshold() const = 0;
};

/// What an entry is fitted with.
struct FitMaterial {
  const ExperimentRun& run;
  /// Null but for an entry that looks at observations.
  const CleanImages* clean = nullptr;
  /// To be called after each of the entry's steps.
  std::function<void()> on_step;
};

class Entry {
 public:
  virtual ~Entry() = default;

  /// Its name in the table. Several entries may share the rows of one method, each judging some of the
  /// challenges.
  virtual std::string method() const = 0;
  /// Tells those apart: names its file.
  virtual std::string text() const { return method(); }
  virtual bool judges(int /*challenge_type*/) const { return true; }

  virtual LooksAt looks_at() const { return LooksAt::kObservations; }
  /// What an entry that looks at observations wants to know of every image.
  virtual ObservationNeeds needs() const { return {}; }
  /// Sets that an entry that looks at feature sets learns from, beside the clean ones.
  virtual std::vector<SetName> learns_from() const { return {}; }

  /// Entries of one stage are fitted together, several at a time.
  virtual std::string stage() const { return "fit"; }
  /// How often a fit calls `on_step`, and what a step is called in the plural.
  virtual std::size_t steps() const { return 1; }
  virtual std::string step_unit() const { return "detectors"; }

  /// The fit that lies in the run's folder; null when there is none, or it is of other data or options.
  virtual std::unique_ptr<FittedEntry> read(const ExperimentRun& run) const = 0;
  /// Fits and leaves the result in the run's folder. Null when stopped on request.
  virtual std::unique_ptr<FittedEntry> fit(const FitMaterial& material) const = 0;

  /// Identifies what the fit was made of.
  std::string key(const ExperimentRun& run) const { return key_of(ingredients(run)); }
  /// Where the fit lies.
  std::filesystem::path path(const ExperimentRun& run) const;
  /// Why the fit that lies in the run's folder is not the one wanted; empty where none lies there.
  std::string why_anew(const ExperimentRun& run) const;

 protected:
  /// All that the fit depends on.
  virtual nlohmann::json ingredients(const ExperimentRun& run) const = 0;

  /// Whether a file with this metadata is the fit of this run's data and options.
  bool is_ours(const ResultMetadata& metadata, const ExperimentRun& run) const;
};

/// The ingredients of an entry that learns from clean images, `own` among them.
nlohmann::json ingredients_with_clean_images(const std::string& entry, nlohmann::json own,
                                             const ExperimentRun& run);

/// A method of an experiment's table, and how its entries are made.
struct ExperimentMethod {
  std::string name;
  ResultsKind experiment;  ///< the one it is in
  std::function<std::vector<std::unique_ptr<Entry>>(const ExperimentOptions& options)> make;
  /// Whether it can look at such images.
  std::function<bool(const AutoencoderSpec& spec)> takes = [](const AutoencoderSpec&) {
    return true;
  };
  /// Whether it judges photographs by tiles; the others take images whole.
  bool by_tiles = false;
};

/// The methods of the options' experiment that the images' extent allows, in the order of its table.
std::vector<ExperimentMethod> possible_methods(const ExperimentOptions& options);

/// The entries of the methods asked for. Throws InvalidArgument for a name that is not possible.
std::vector<std::unique_ptr<Entry>> make_entries(const ExperimentOptions& options);

}  // namespace gradspace
