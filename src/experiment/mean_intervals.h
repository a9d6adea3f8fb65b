// Intervals of an experiment's mean AUROCs, over images and over runs.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "detect/auroc_bootstrap.h"
#include "gradspace/results.h"

namespace gradspace {

/// In a resample the same images are drawn for all methods, challenges, levels and runs, as they are the same test
/// images, and then as many runs as there are, with replacement: a method's mean over levels and runs is taken of
/// those.
class MeanIntervals {
 public:
  /// Outliers under one condition: a challenge at a level.
  struct Condition {
    int type = 0;
    std::span<const double> scores;
  };

  /// `outliers`: how many scores will be added in each run.
  explicit MeanIntervals(std::size_t outliers) : options_(affordable_bootstrap(outliers)) {}

  /// What a method says of test images in a run. Where it judges challenges by several detectors, each adds its own.
  /// Returns the interval under each condition, which is of the images alone.
  std::vector<Interval> add(const std::string& method, int run, std::span<const double> clean,
                            std::span<const Condition> conditions);

  /// In the order in which methods came first; of each its types, ascending, then all together.
  std::vector<MeanInterval> intervals() const;

 private:
  /// Sums of AUROCs, resample by resample.
  struct Sums {
    std::vector<double> values;
    double count = 0;
  };
  /// By type; under none, over all types.
  using RunSums = std::map<std::optional<int>, Sums>;

  struct Method {
    std::string name;
    std::map<int, RunSums> runs;
  };

  Interval interval_of(const Method& method, std::optional<int> type) const;

  BootstrapOptions options_;
  std::vector<Method> methods_;
};

}  // namespace gradspace
