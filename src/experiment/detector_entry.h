// Entries that end as a `Detector`, on the run's autoencoder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiment/entry.h"
#include "gradspace/detector.h"

namespace gradspace {

/// Keeps the detector in a file of the run's folder.
class DetectorEntry : public Entry {
 public:
  std::unique_ptr<FittedEntry> read(const ExperimentRun& run) const final;
  std::unique_ptr<FittedEntry> fit(const FitMaterial& material) const final;

 protected:
  virtual Detector make(const FitMaterial& material) const = 0;
  /// The detector ready to score; by default it scores observations.
  virtual std::unique_ptr<FittedEntry> ready(const Detector& detector,
                                             const ExperimentRun& run) const;
  nlohmann::json ingredients(const ExperimentRun& run) const override;

  /// Those of `ingredients` that come from the run's autoencoder.
  static nlohmann::json autoencoder_ingredients(const ExperimentRun& run);
};

/// How a method of one_class.h is fitted; `distortions` as in OneClassOptions.
OneClassOptions one_class_options(const std::string& method,
                                  const std::vector<std::string>& distortions,
                                  const ExperimentRun& run);

/// A method of one_class.h on a run's clean images; `distortions` as in OneClassOptions.
Detector fit_method(const std::string& method, const std::vector<std::string>& distortions,
                    const FitMaterial& material);

}  // namespace gradspace
