#include <Eigen/Eigenvalues>

#include "quality/preparation.h"

namespace gradspace::quality {

std::vector<float> whitening_matrix(std::span<const double> covariance) {
  constexpr auto kSize = static_cast<Eigen::Index>(kPatchSize);
  const Eigen::Map<const Eigen::MatrixXd> matrix(covariance.data(), kSize, kSize);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(matrix);
  const Eigen::VectorXd scale = (eigen.eigenvalues().array().max(0.0) + kWhiteningEpsilon).rsqrt();
  const Eigen::MatrixXd& vectors = eigen.eigenvectors();
  const Eigen::MatrixXd result = vectors * scale.asDiagonal() * vectors.transpose();
  std::vector<float> whitening(kPatchSize * kPatchSize);
  Eigen::Map<Eigen::MatrixXf>(whitening.data(), kSize, kSize) = result.cast<float>();
  return whitening;
}

}  // namespace gradspace::quality
