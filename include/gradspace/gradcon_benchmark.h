// GradCon's benchmark: each class of a labelled source in turn is the one that is known.
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

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/gradcon_results.h"
#include "gradspace/source.h"

namespace gradspace {

struct GRADSPACE_API GradConBenchmarkOptions {
  std::filesystem::path data;
  SourceKind source = SourceKind::kAuto;
  /// Results, and for every class and run a folder with detector, history, checkpoint and every image's
  /// scores: the same command continues after a stop, one with more epochs trains on.
  std::filesystem::path out;
  std::vector<int> classes;  ///< empty = all of the source
  int runs = 1;              ///< run r uses seed `training.seed + r`
  int latent = 0;            ///< over 0: the variational autoencoder
  /// Its checkpoint and resume are chosen by the benchmark.
  TrainOptions training = gradcon_training();
  GradConOptions gradcon;
  double gradient_weight = kGradConWeight;
  std::string command_line;  ///< how it was asked for, to be shown in the report

  /// Throws InvalidArgument naming the option.
  void validate() const;
};

struct GradConBenchmarkResult {
  std::vector<GradConBenchmarkRow> rows;
  bool stopped = false;  ///< on request; the rows are those of the classes that were finished
  std::filesystem::path report;  ///< the page; empty where there is nothing to show, or no report
};

struct GradConBenchmarkObserver {
  /// A class of a run begins.
  std::function<void(int inlier_class, int run)> on_class;
  /// An image that could not be read and is left out; it is named again in each class that it is of use to.
  std::function<void(std::string_view reason)> on_failure;
  TrainObserver training;
};

/// Writes results.csv and results.json into `out` after every class, report.html at the end. Throws
/// InvalidArgument when the source has no classes, lacks one that is asked for, or has fewer than a
/// hundred images of one.
GRADSPACE_API GradConBenchmarkResult run_gradcon_benchmark(
    const GradConBenchmarkOptions& options, const GradConBenchmarkObserver& observer = {});

}  // namespace gradspace
