// The inverse square root of a covariance of few patches, by the patches' products with each other.
//
// The covariance of P patches, the columns of X, is X X' / P. Its eigenvalues other than zero are those of the P x P
// matrix X' X / P = U L U', so that with e for kWhiteningEpsilon
//   (X X' / P + e I)^(-1/2) = e^(-1/2) I + X U g(L) U' X' / P,
//   g(l) = ((l + e)^(-1/2) - e^(-1/2)) / l = -1 / (sqrt(e) sqrt(l + e) (sqrt(e) + sqrt(l + e))).
#include <Eigen/Eigenvalues>
#include <cassert>
#include <cmath>

#include "decoder/preparation.h"

namespace gradspace::quality {

std::vector<double> whitening_matrix_of_few(const Patches& patches) {
  assert(patches.count > 0);
  using Index = Eigen::Index;
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto count = static_cast<double>(patches.count);
  constexpr auto kSize = static_cast<Index>(kPatchSize);
  const Eigen::MatrixXd x =
      Eigen::Map<const RowMajor>(patches.values.data(), static_cast<Index>(patches.count), kSize)
          .cast<double>();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(x * x.transpose() / count);
  const double root = std::sqrt(kWhiteningEpsilon);
  // No eigenvalue is negative but by rounding. The root of -g / P goes into each of two equal factors.
  const Eigen::ArrayXd roots = (solver.eigenvalues().array().max(0) + kWhiteningEpsilon).sqrt();
  const Eigen::ArrayXd shares = (count * root * roots * (root + roots)).sqrt().inverse();
  const Eigen::MatrixXd factor =
      x.transpose() * (solver.eigenvectors() * shares.matrix().asDiagonal());
  std::vector<double> result(kPatchSize * kPatchSize);
  Eigen::Map<Eigen::MatrixXd> matrix(result.data(), kSize, kSize);
  matrix.noalias() = -(factor * factor.transpose());
  matrix.diagonal().array() += 1 / root;
  return result;
}

}  // namespace gradspace::quality
