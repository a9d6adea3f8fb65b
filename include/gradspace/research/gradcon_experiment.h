// GradCon's experiment: each class of a labelled source in turn is the one that is known.
//
// The images of the source's train and test sets are pooled; a run's seed shuffles each class and
// splits it 60/20/20 into train, validation and test. A class's detector is trained and its best
// epoch chosen on that class alone. It is tested on the class's test images against as many of the
// other classes' together, drawn by the seed (the released code's protocol for Fashion-MNIST; that of
// the paper's table for CIFAR-10 keeps the source's own test set instead).
//
// Three scores are judged: "gradcon", "reconstruction" (the error alone), "gradient" (minus the cosine
// alone). Accuracy is at the threshold of 5 % false alarms on the class's validation images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/research/experiment.h"
#include "gradspace/source.h"

namespace gradspace {

struct GRADSPACE_API GradConExperimentOptions {
  std::filesystem::path data;
  SourceKind source = SourceKind::kAuto;
  /// Results, and for every class and run a folder with detector, history, checkpoint and every image's
  /// scores: the same command continues after a stop, one with more epochs trains on.
  std::filesystem::path out;
  std::vector<int> classes;  ///< empty = all of the source
  int runs = 1;              ///< run r uses seed `training.seed + r`
  int latent = 0;            ///< over 0: the variational autoencoder
  /// Its checkpoint and resume are chosen by the experiment.
  TrainOptions training = gradcon_training();
  GradConOptions gradcon;
  double gradient_weight = kGradConWeight;
  int threads = 0;           ///< at most so many work; 0 = all cores
  std::string command_line;  ///< how it was asked for, to be shown in the report

  /// Throws InvalidArgument naming the option.
  void validate() const;
};

/// The stages are "run R: train class C" and "run R: judge class C". An image that can't be read is
/// reported in each class that it is of use to. A stopped run's results are those of the classes that were
/// finished. Writes results.csv and results.json into `out` after every class, report.html at the end. Throws
/// InvalidArgument when the source has no classes, lacks one that is asked for, or has fewer than a hundred
/// images of one; IoError while another experiment writes into `out` (output_lock.h).
GRADSPACE_API ExperimentResult run_gradcon_experiment(const GradConExperimentOptions& options,
                                                      const ExperimentObserver& observer = {});

}  // namespace gradspace
