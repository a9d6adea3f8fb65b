#include "detect/one_class/shrunk_gaussian.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <utility>

#include "core/tensor_of_shape.h"
#include "gradspace/error.h"
#include "moments/moment_shift.h"

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

/// Of n rows with mean zero: `covariance` is S, `fourth` the mean of their |z|^4.
ShrunkCovariance shrunk(RowMajor covariance, double fourth, double n) {
  const auto d = static_cast<double>(covariance.rows());
  const double mean_variance = covariance.trace() / d;
  const double covariance_square = covariance.squaredNorm();
  // The sum over images of |z z^T - S|^2 is that of |z|^4, less n |S|^2.
  const double distance = covariance_square - d * mean_variance * mean_variance;
  const double error = (fourth - covariance_square) / n;
  const auto columns = static_cast<std::size_t>(covariance.rows());
  ShrunkCovariance result{Matrix(columns, columns), 0};
  result.shrinkage = distance > 0 ? std::clamp(error / distance, 0.0, 1.0) : 1.0;
  covariance *= 1 - result.shrinkage;
  covariance.diagonal().array() += result.shrinkage * mean_variance;
  std::copy_n(covariance.data(), covariance.size(), result.values.values.begin());
  return result;
}

TensorMap tensors_of(const Standardiser& standardiser, const ShrunkCovariance& covariance) {
  const RowMajor whitening = whitening_of(covariance.values);
  TensorMap tensors;
  standardiser.store(tensors);
  const std::int64_t d = whitening.rows();
  tensors["whitening"] = {{d, d}, {whitening.data(), whitening.data() + whitening.size()}};
  return tensors;
}

/// The sum of |z|^4 of standardised rows: that of u_k u_l y_k^2 y_l^2, with y the rows less the standardiser's means,
/// which are rounded, and u the squared scales.
double sum_of_fourth_powers(const Moments& moments, const Standardiser& standardiser) {
  const std::size_t d = moments.columns();
  const auto n = static_cast<double>(moments.rows);
  std::vector<ColumnMoments> columns(d);
  for (std::size_t k = 0; k < d; ++k) {
    columns[k] = {0, moments.second_of(k, k), moments.mean[k] - standardiser.mean()[k]};
  }
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) {
    double row = 0;
    for (std::size_t l = k; l < d; ++l) {
      const std::size_t place = upper_place(d, k, l);
      const double fourth =
          shifted_fourth(moments.fourth[place], moments.third[k * d + l], moments.third[l * d + k],
                         moments.second[place], columns[k], columns[l], n);
      const double scale = standardiser.scale()[l];
      row += (l == k ? 1 : 2) * scale * scale * fourth;
    }
    const double scale = standardiser.scale()[k];
    sum += scale * scale * row;
  }
  return sum;
}

}  // namespace

ShrunkCovariance shrunk_covariance(const Matrix& centred) {
  const auto rows = view(centred);
  const auto n = static_cast<double>(centred.rows);
  RowMajor covariance = RowMajor::Zero(rows.cols(), rows.cols());
  covariance.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose(), 1 / n);
  covariance.triangularView<Eigen::StrictlyUpper>() = covariance.transpose();
  return shrunk(std::move(covariance), rows.rowwise().squaredNorm().squaredNorm() / n, n);
}

ShrunkCovariance shrunk_covariance(const Moments& moments, const Standardiser& standardiser) {
  const auto d = static_cast<Eigen::Index>(moments.columns());
  const auto n = static_cast<double>(moments.rows);
  RowMajor covariance(d, d);
  for (std::size_t k = 0; k < moments.columns(); ++k) {
    const double from_mean_k = moments.mean[k] - standardiser.mean()[k];
    for (std::size_t l = k; l < moments.columns(); ++l) {
      const double from_mean_l = moments.mean[l] - standardiser.mean()[l];
      const double value = (moments.second_of(k, l) / n + from_mean_k * from_mean_l) *
                           standardiser.scale()[k] * standardiser.scale()[l];
      const auto row = static_cast<Eigen::Index>(k);
      const auto column = static_cast<Eigen::Index>(l);
      covariance(row, column) = value;
      covariance(column, row) = value;
    }
  }
  const double trace = covariance.trace();
  const double fourth = moments.kind == MomentsKind::kFourth
                            ? sum_of_fourth_powers(moments, standardiser) / n
                            : trace * trace + 2 * covariance.squaredNorm();
  return shrunk(std::move(covariance), fourth, n);
}

TensorMap ShrunkGaussian::fit(const Matrix& data, const std::string& what) {
  const Standardiser standardiser = Standardiser::fit(data, what);
  return tensors_of(standardiser, shrunk_covariance(standardiser.apply(data)));
}

TensorMap ShrunkGaussian::fit_moments(const Moments& moments, const std::string& what) {
  if (moments.kind == MomentsKind::kDiagonal) {
    throw InvalidArgument(fmt::format(
        "{}: wants covariances, and the moments are diagonal; independent-gaussian takes them",
        what));
  }
  const Standardiser standardiser = Standardiser::fit(moments, what);
  return tensors_of(standardiser, shrunk_covariance(moments, standardiser));
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
