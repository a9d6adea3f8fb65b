// All one-class methods against all challenges: train on clean images, fit every method to them, and
// judge each on clean against challenged test images, type by type and level by level.
//
// Beside the methods of one_class.h there is "stand-ins": the paper's classifier, trained on clean images
// against several challenges at once. The twelve types are in four groups of kin (optics, light, weather,
// sensor and transmission); each type is judged by a classifier that has seen none of its own group.
// "image-pseudo-kinless" is the method "image-pseudo", trained without the families of distorted copies
// that are akin to the challenge it is judged on. And "gradcon" (gradcon.h), which trains an autoencoder of its own: for images of 28x28 only.
#pragma once

#include <string>
#include <vector>

#include "gradspace/experiment.h"
#include "gradspace/export.h"

namespace gradspace {

struct GRADSPACE_API OneClassExperimentOptions : ExperimentOptions {
  /// Names of one_class_methods(), "image-pseudo-kinless", "stand-ins", "gradcon"; empty = all that the
  /// images' extent allows.
  std::vector<std::string> methods;
  double false_alarms = 0.01;  ///< sets the thresholds that accuracies are taken at
  int stand_in_level = 3;      ///< of the challenges that "stand-ins" is trained on
  int gradcon_epochs = 100;    ///< of GradCon's training

  /// Tests against all twelve.
  OneClassExperimentOptions();

  void validate() const;
};

/// Writes into `out`: results.csv, results.json, image_scores.csv (the test sets, and clean `val`),
/// training.csv, samples/, report.html (gradspace/report.h), and a folder a run with model, detectors and
/// scores. Throws InvalidArgument, IoError, FormatError; names the first
/// set that is missing.
GRADSPACE_API ExperimentResult run_one_class_experiment(const OneClassExperimentOptions& options,
                                                        const ExperimentObserver& observer = {});

}  // namespace gradspace
