// Exact detection metrics: every threshold that changes a decision is looked at, no grid.
//
// Scores are larger = more out of distribution (OOD). "in" is in-distribution.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gradspace/export.h"

namespace gradspace {

struct DetectionMetrics {
  /// Balanced: mean of the two classes' rates of right decisions at the given threshold.
  double accuracy = 0;
  /// Probability that an OOD image scores above an in-distribution one; ties count half.
  double auroc = 0;
  /// Average precision, no interpolation, with in-distribution as the positive class ...
  double aupr_in = 0;
  /// ... and with OOD as the positive class.
  double aupr_out = 0;
  /// Smallest false positive rate among thresholds with true positive rate >= 0.95; positive = in.
  double fpr95_in_positive = 0;
  /// The same; positive = OOD.
  double fpr95_ood_positive = 0;
  /// Least (false negative rate + false positive rate) / 2 over all thresholds.
  double detection_error = 0;
  std::size_t n_in = 0;
  std::size_t n_out = 0;
};

/// An image is called in-distribution where score <= `threshold`.
/// O(n log n). Throws InvalidArgument when a class is empty or a score is NaN.
GRADSPACE_API DetectionMetrics detection_metrics(std::span<const double> in_scores,
                                                 std::span<const double> out_scores,
                                                 double threshold);

/// From `low` to `high`, both included.
struct Interval {
  double low = 0;
  double high = 0;
};

struct GRADSPACE_API BootstrapOptions {
  int resamples = 1000;
  double confidence = 0.95;  ///< of the interval, within (0, 1)
  std::uint64_t seed = 0;

  /// Throws InvalidArgument.
  void validate() const;
};

/// The bootstrap interval of the AUROC: percentiles over resamples, in each of which as many images as there
/// are of either kind are drawn with replacement. It holds for the choice of test images, not for the training
/// of the detector. `stream` tells comparisons with other outliers apart, so that they draw on their own: equal
/// ones draw the same images. The result does not depend on the number of threads. O(resamples n). Throws
/// InvalidArgument as `detection_metrics` does.
GRADSPACE_API Interval auroc_interval(std::span<const double> in_scores,
                                      std::span<const double> out_scores,
                                      const BootstrapOptions& options = {},
                                      std::uint64_t stream = 0);

/// The threshold at which a clean image not seen before is called OOD with a probability of at most
/// `false_alarms`: the ceil((1 - false_alarms)(n + 1))-th smallest of the n clean scores (split
/// conformal prediction; exact in expectation for exchangeable images). Throws InvalidArgument when
/// the rate is not within (0, 1), or takes more clean images than there are.
GRADSPACE_API double calibrate_threshold(std::span<const double> in_scores, double false_alarms);

}  // namespace gradspace
