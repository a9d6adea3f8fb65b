// A Gaussian with a shrunk covariance, and the squared Mahalanobis distance by it.
//
// O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices"
// (Journal of Multivariate Analysis 88, 2004): (1 - s) S + s (tr S / d) I, with the share s that
// minimises the expected squared Frobenius error, estimated from the data. Features are standardised
// first, so that the target does not mix units.
#pragma once

#include "detect/one_class/density.h"
#include "detect/one_class/matrix.h"
#include "detect/one_class/row_products.h"

namespace gradspace {

struct ShrunkCovariance {
  Matrix values;
  double shrinkage = 0;  ///< s, within [0, 1]
};

/// Of rows that have mean zero. As scikit-learn's LedoitWolf(assume_centered=True).
ShrunkCovariance shrunk_covariance(const Matrix& centred);

/// The same of the rows that `standardiser` makes of those with these moments. Of MomentsKind::kCovariance, which do
/// not tell the mean of |z|^4 of the rows z, it is taken to be what it is of a Gaussian, (tr S)^2 + 2 |S|^2: features
/// with heavier tails are then shrunk less than their rows would be, by a share that falls with the number of rows.
ShrunkCovariance shrunk_covariance(const Moments& moments, const Standardiser& standardiser);

class ShrunkGaussian : public Density {
 public:
  /// Throws InvalidArgument as Standardiser::fit, and when the covariance is not positive definite.
  static TensorMap fit(const Matrix& data, const std::string& what);
  static TensorMap fit_moments(const Moments& moments, const std::string& what);
  /// From "mean", "scale" and "whitening".
  explicit ShrunkGaussian(const TensorMap& tensors);

  void score_into(const Matrix& data, DensityMemory& memory,
                  std::span<double> scores) const override;

 private:
  Standardiser standardiser_;
  PanelMatrix
      whitening_;  ///< the transposed inverse of the covariance's Cholesky factor: upper triangular
};

}  // namespace gradspace
