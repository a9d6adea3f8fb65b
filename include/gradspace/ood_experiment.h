// The paper's experiment in one go: train on clean images, extract gradients, fit the four methods'
// classifiers on clean against blurred images, judge them on challenges they have never seen.
#pragma once

#include "gradspace/experiment.h"
#include "gradspace/export.h"

namespace gradspace {

struct GRADSPACE_API OodExperimentOptions : ExperimentOptions {
  /// Trained against (the paper: Gaussian blur, level 1).
  challenge::Type stand_in = challenge::Type::kGaussianBlur;
  int stand_in_level = 1;

  /// Tests against the paper's six.
  OodExperimentOptions();

  void validate() const;
};

/// Writes into `out`: results.csv, results.json, image_scores.csv (the test sets, and clean `val`),
/// training.csv, fingerprints.json, samples/, report.html (gradspace/report.h), and a folder a run
/// with model, feature sets and detectors.
/// Throws InvalidArgument, IoError, FormatError; names the first set that is missing.
GRADSPACE_API ExperimentResult run_ood_experiment(const OodExperimentOptions& options,
                                                  const ExperimentObserver& observer = {});

}  // namespace gradspace
