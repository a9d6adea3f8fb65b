#include "detect/one_class/shrunk_gaussian.h"

#include <Eigen/Cholesky>
#include <algorithm>

#include "core/tensor_of_shape.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const RowMajor> view(const Matrix& matrix) {
  return {matrix.values.data(), static_cast<Eigen::Index>(matrix.rows),
          static_cast<Eigen::Index>(matrix.columns)};
}

/// The transposed inverse of the lower Cholesky factor of `covariance`: rows times it have no
/// covariance left.
RowMajor whitening_of(const Matrix& covariance) {
  const auto symmetric = view(covariance);
  const Eigen::LLT<RowMajor> factors(symmetric);
  RowMajor whitening =
      factors.matrixU().solve(RowMajor::Identity(symmetric.rows(), symmetric.cols()));
  if (factors.info() != Eigen::Success || !whitening.allFinite()) {
    throw InvalidArgument("detector: the covariance of the features is not positive definite");
  }
  return whitening;
}

}  // namespace

ShrunkCovariance shrunk_covariance(const Matrix& centred) {
  const auto rows = view(centred);
  const auto n = static_cast<double>(centred.rows);
  const auto d = static_cast<double>(centred.columns);
  RowMajor covariance = RowMajor::Zero(rows.cols(), rows.cols());
  covariance.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose(), 1 / n);
  covariance.triangularView<Eigen::StrictlyUpper>() = covariance.transpose();
  const double mean_variance = covariance.trace() / d;
  const double covariance_square = covariance.squaredNorm();
  // The sum over images of |x x^T - S|^2 is that of |x|^4, less n |S|^2.
  const double fourth = rows.rowwise().squaredNorm().squaredNorm();
  const double distance = covariance_square - d * mean_variance * mean_variance;
  const double error = (fourth / n - covariance_square) / n;
  ShrunkCovariance result{Matrix(centred.columns, centred.columns), 0};
  result.shrinkage = distance > 0 ? std::clamp(error / distance, 0.0, 1.0) : 1.0;
  covariance *= 1 - result.shrinkage;
  covariance.diagonal().array() += result.shrinkage * mean_variance;
  std::copy_n(covariance.data(), covariance.size(), result.values.values.begin());
  return result;
}

TensorMap ShrunkGaussian::fit(const Matrix& data, const std::string& what) {
  const Standardiser standardiser = Standardiser::fit(data, what);
  const RowMajor whitening = whitening_of(shrunk_covariance(standardiser.apply(data)).values);
  TensorMap tensors;
  standardiser.store(tensors);
  const auto d = static_cast<std::int64_t>(data.columns);
  tensors["whitening"] = {{d, d}, {whitening.data(), whitening.data() + whitening.size()}};
  return tensors;
}

ShrunkGaussian::ShrunkGaussian(const TensorMap& tensors)
    : standardiser_(Standardiser::load(tensors)) {
  const auto d = static_cast<std::int64_t>(standardiser_.columns());
  const Tensor& whitening = tensor_of_shape(tensors, "whitening", {d, d}, "detector");
  whitening_ = PanelMatrix(standardiser_.columns(), standardiser_.columns(), whitening.values);
}

void ShrunkGaussian::score_into(const Matrix& data, DensityMemory& memory,
                                std::span<double> scores) const {
  standardiser_.apply(data, memory.standard);
  for_each_product(memory.standard, whitening_, memory,
                   [&](std::size_t i, std::span<const float> white) {
                     double sum = 0;
                     for (const float value : white) {
                       sum += static_cast<double>(value) * value;
                     }
                     scores[i] = sum;
                   });
}

}  // namespace gradspace
