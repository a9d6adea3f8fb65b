// One kernel density estimate a feature: the score is minus the sum of the log densities.
#pragma once

#include "detect/one_class/density.h"

namespace gradspace {

class KernelDensity : public Density {
 public:
  static TensorMap fit(const Matrix& data, const std::string& what);
  /// From "mean", "scale" and "samples".
  explicit KernelDensity(const TensorMap& tensors);

  /// Gaussian kernels with Scott's bandwidth n^(-1/5) on standardised features; up to a constant. Finite however far
  /// out a row lies. O(samples x features) an image.
  void score_into(const Matrix& data, DensityMemory& memory,
                  std::span<double> scores) const override;

 private:
  /// Minus the log density of column k at `place`, up to a constant.
  double column_score(std::size_t k, double place) const;

  Standardiser standardiser_;
  std::size_t count_ = 0;
  std::vector<float> samples_;  ///< [features, count]
};

}  // namespace gradspace
