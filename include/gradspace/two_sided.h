// Scores that say how far an image lies from the middle of clean images, whichever side it lies on.
//
// A detector that was trained against one kind of distortion orders images along a line on which the kinds that it
// has not seen may lie to either side of the clean ones: a classifier that knows blur holds noise for more than clean
// (docs/members.md). Two-sided, both are far from the middle.
#pragma once

#include <span>
#include <vector>

#include "gradspace/calibration.h"
#include "gradspace/export.h"
#include "gradspace/tensor.h"

namespace gradspace {

/// The distance of a score from the middle of n clean images' scores, as ranks: |b - a| / n, where b of them are
/// below the score and a above it; 0 in the middle, 1 at both ends. Beyond the ends it goes on by the distance from the
/// end, in units of the clean scores' range: the ranks alone would tie there. Thread-safe.
class GRADSPACE_API TwoSided {
 public:
  /// Of no clean images; every distance is 0.
  TwoSided() = default;
  /// Throws InvalidArgument when a score is not finite.
  explicit TwoSided(std::span<const double> clean_scores);

  bool empty() const { return sides_.empty(); }

  /// Of a finite score.
  double distance(double score) const;

  /// Each clean image's distance from the others, in their order, as a new image has its distance from all: what a
  /// calibration of distances wants (calibration.h), whose promise takes that no image is compared with itself.
  static std::vector<double> distances_from_others(std::span<const double> clean_scores);

  /// For files: the calibration's, behind "two_sided.".
  TensorMap tensors() const;
  /// Takes those out of `tensors`; empty where they are not there. Throws InvalidArgument when they are not what
  /// `tensors` gives.
  static TwoSided take_from(TensorMap& tensors);

 private:
  void require_finite() const;

  Calibration sides_;
};

}  // namespace gradspace
