// Independent Gaussians, one a feature: the score is minus the log density.
#pragma once

#include "detect/one_class/density.h"

namespace gradspace {

class IndependentGaussian : public Density {
 public:
  static TensorMap fit(const Matrix& data, const std::string& what);
  static TensorMap fit_moments(const Moments& moments, const std::string& what);
  /// From "mean" and "scale".
  explicit IndependentGaussian(const TensorMap& tensors)
      : standardiser_(Standardiser::load(tensors)) {}

  /// Up to the constant that all images share. Features that were constant are left out.
  void score_into(const Matrix& data, DensityMemory& memory,
                  std::span<double> scores) const override;

 private:
  Standardiser standardiser_;
};

}  // namespace gradspace
