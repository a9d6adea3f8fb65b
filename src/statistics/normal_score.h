// Scores of different detectors on one scale: the normal quantile of a score's place among clean ones.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "gradspace/tensor.h"

namespace gradspace {

/// The standard normal distribution's quantile, 0 < p < 1 (Acklam's rational approximation with one
/// step of Halley's method on erfc: close to double's precision).
double normal_quantile(double p);

/// The probability that a standard normal variable is over `z`.
double normal_tail(double z);

/// log of `normal_tail`, exact for z whose tail is too small for a double.
double log_normal_tail(double z);

/// z(score): quantiles of clean scores become those of the standard normal, linear between. Beyond the
/// outermost ones it goes on as a line, for clean images alone say nothing of the order out there;
/// its slope is that of the outer quarter of the scores on this side.
class NormalScore {
 public:
  /// Throws InvalidArgument when there are fewer than kMinimum scores, or all are equal; `what` names
  /// the detector in the message.
  static NormalScore fit(std::span<const double> clean_scores, const std::string& what);
  /// From `prefix` + "quantiles". Throws InvalidArgument when it does not fit.
  static NormalScore load(const TensorMap& tensors, const std::string& prefix);
  void store(TensorMap& tensors, const std::string& prefix) const;

  double operator()(double score) const;

  static constexpr std::size_t kMinimum = 20;

 private:
  explicit NormalScore(std::vector<float> quantiles);

  std::vector<float>
      quantiles_;               ///< of clean scores, at (i + 1/2) / kQuantiles; never equal at ends
  std::vector<double> normal_;  ///< what each becomes
  double low_slope_ = 0;
  double high_slope_ = 0;
};

}  // namespace gradspace
