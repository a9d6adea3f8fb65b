// What clean images score: thresholds for a rate of false alarms, and p-values.
//
// Split conformal prediction (Vovk, Gammerman, Shafer 2005; Lei et al. 2018): with n scores of clean
// images that the detector was not fitted to, the ceil((1 - a)(n + 1))-th smallest is exceeded by a new
// clean image with a probability of at most a, whatever the scores' distribution, as long as all
// images are exchangeable. On a given calibration set the true rate varies around that as a Beta
// variable does: rate ~ Beta(n + 1 - k, k) for the k-th smallest of n without ties.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/tensor.h"

namespace gradspace {

/// The rank, from 1, of the score over which new images are called OOD: ceil((1 - a)(count + 1)). Throws
/// InvalidArgument when the rate is not within (0, 1), or takes more images than `count` (the message
/// says how many).
GRADSPACE_API std::size_t conformal_rank(std::size_t count, double false_alarms);

/// Scores of clean images, sorted. More than 8 192 are thinned: the 2 048 at each end are all kept, so
/// that thresholds and p-values stay exact there; between, every m-th, which errs to the side of fewer
/// false alarms by less than 0.1 % of the images. Thread-safe.
class GRADSPACE_API Calibration {
 public:
  Calibration() = default;
  /// Throws InvalidArgument when a score is NaN.
  explicit Calibration(std::span<const double> clean_scores);

  std::size_t count() const { return count_; }  ///< of images, kept or not
  bool empty() const { return count_ == 0; }

  /// OOD is what scores over it. Throws InvalidArgument as `conformal_rank` does.
  double threshold(double false_alarms) const;

  /// (1 + number of clean scores >= score) / (n + 1): at most `a` with a probability of at most `a` for
  /// a clean image.
  double p_value(double score) const;

  /// How many clean scores are <= `score`, or < `score`; where some were left out, the most and the
  /// least that it can be.
  std::size_t most_up_to(double score) const;
  std::size_t least_below(double score) const;

  /// The least and the largest clean score, of a calibration that is not empty.
  double lowest() const { return scores_.front(); }
  double highest() const { return scores_.back(); }

  /// For files: "calibration.clean_scores", and "calibration.ranks".
  TensorMap tensors() const;
  /// Takes those two out of `tensors`; empty where they are not there. Ranks are 1, 2, ... where there
  /// are none. Throws InvalidArgument when they are not what `tensors` gives.
  static Calibration take_from(TensorMap& tensors);

 private:
  /// Ascending; rounded up, never down, so that a threshold is not under the score it stands for.
  std::vector<float> scores_;
  std::vector<std::uint32_t> ranks_;  ///< how many of all images score up to this one, ascending
  std::size_t count_ = 0;
};

}  // namespace gradspace
