// AUROCs of resampled images, of many lists of outliers against the same clean images at once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gradspace/metrics.h"

namespace gradspace {

/// Scores of outliers. Lists of one stream and one length are taken for the same images in the same order,
/// such as a test set under several challenges: each resample draws the same of them in all these lists, so
/// that means over the lists vary as they would with other images.
struct OutlierScores {
  std::span<const double> scores;
  std::uint64_t stream = 0;
};

/// As many resamples as so many outliers in all allow within some seconds, 200 to 1 000.
BootstrapOptions affordable_bootstrap(std::size_t outliers);

/// Element [i][b] is the AUROC of `outliers[i]` in resample b. The clean images of a resample are the same for
/// all lists. Throws InvalidArgument when a list is empty or a score is NaN.
std::vector<std::vector<double>> resampled_aurocs(std::span<const double> in_scores,
                                                  std::span<const OutlierScores> outliers,
                                                  const BootstrapOptions& options);

/// The interval between the percentiles that leave out (1 - confidence) / 2 at either end; `values`, in any
/// order, is not empty.
Interval percentile_interval(std::vector<double> values, double confidence);

}  // namespace gradspace
