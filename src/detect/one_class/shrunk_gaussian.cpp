#include "detect/one_class/shrunk_gaussian.h"

#include <algorithm>
#include <cmath>

#include "core/tensor_of_shape.h"
#include "detect/one_class/row_products.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Four sums at a time: a single one waits for each addition before the next.
double dot(const double* a, const double* b, std::size_t n) {
  double sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) {
      sums[k] += a[i + k] * b[i + k];
    }
  }
  for (; i < n; ++i) {
    sums[0] += a[i] * b[i];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

Matrix transposed(const Matrix& a) {
  Matrix result(a.columns, a.rows);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t k = 0; k < a.columns; ++k) {
      result.values[k * a.rows + i] = a.values[i * a.columns + k];
    }
  }
  return result;
}

/// Rows of the result are the columns of the inverse of `lower`.
Matrix transposed_inverse(const Matrix& lower) {
  const std::size_t n = lower.rows;
  Matrix inverse(n, n);
  for (std::size_t column = 0; column < n; ++column) {
    double* x = inverse.values.data() + column * n;
    for (std::size_t i = column; i < n; ++i) {
      const double* row = lower.values.data() + i * n;
      const double rest = (i == column ? 1.0 : 0.0) - dot(row + column, x + column, i - column);
      x[i] = rest / row[i];
    }
  }
  return inverse;
}

}  // namespace

ShrunkCovariance shrunk_covariance(const Matrix& centred) {
  const auto n = static_cast<double>(centred.rows);
  const auto d = static_cast<double>(centred.columns);
  const Matrix columns = transposed(centred);
  ShrunkCovariance result{Matrix(centred.columns, centred.columns), 0};
  Matrix& covariance = result.values;
  for (std::size_t i = 0; i < columns.rows; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      const double value = dot(columns.row(i).data(), columns.row(k).data(), centred.rows) / n;
      covariance.row(i)[k] = covariance.row(k)[i] = value;
    }
  }
  double trace = 0;
  for (std::size_t i = 0; i < covariance.rows; ++i) {
    trace += covariance.row(i)[i];
  }
  const double mean_variance = trace / d;
  const double covariance_square =
      dot(covariance.values.data(), covariance.values.data(), covariance.values.size());
  // The sum over images of |x x^T - S|^2 is that of |x|^4, less n |S|^2.
  double fourth = 0;
  for (std::size_t i = 0; i < centred.rows; ++i) {
    fourth += std::pow(dot(centred.row(i).data(), centred.row(i).data(), centred.columns), 2);
  }
  const double distance = covariance_square - d * mean_variance * mean_variance;
  const double error = (fourth / n - covariance_square) / n;
  result.shrinkage = distance > 0 ? std::clamp(error / distance, 0.0, 1.0) : 1.0;
  for (std::size_t i = 0; i < covariance.rows; ++i) {
    for (double& value : covariance.row(i)) {
      value *= 1 - result.shrinkage;
    }
    covariance.row(i)[i] += result.shrinkage * mean_variance;
  }
  return result;
}

Matrix cholesky(const Matrix& symmetric) {
  const std::size_t n = symmetric.rows;
  Matrix lower(n, n);
  for (std::size_t i = 0; i < n; ++i) {
    double* row = lower.row(i).data();
    for (std::size_t k = 0; k < i; ++k) {
      const double* other = lower.row(k).data();
      row[k] = (symmetric.row(i)[k] - dot(row, other, k)) / other[k];
    }
    const double rest = symmetric.row(i)[i] - dot(row, row, i);
    if (!(rest > 0)) {
      throw InvalidArgument("detector: the covariance of the features is not positive definite");
    }
    row[i] = std::sqrt(rest);
  }
  return lower;
}

TensorMap ShrunkGaussian::fit(const Matrix& data, const std::string& what) {
  const Standardiser standardiser = Standardiser::fit(data, what);
  const ShrunkCovariance covariance = shrunk_covariance(standardiser.apply(data));
  const Matrix whitening = transposed_inverse(cholesky(covariance.values));
  TensorMap tensors;
  standardiser.store(tensors);
  const auto d = static_cast<std::int64_t>(data.columns);
  tensors["whitening"] = {{d, d}, {whitening.values.begin(), whitening.values.end()}};
  return tensors;
}

ShrunkGaussian::ShrunkGaussian(const TensorMap& tensors)
    : standardiser_(Standardiser::load(tensors)) {
  const auto d = static_cast<std::int64_t>(standardiser_.columns());
  whitening_ = tensor_of_shape(tensors, "whitening", {d, d}, "detector").values;
}

std::vector<double> ShrunkGaussian::score(const Matrix& data) const {
  const Matrix standard = standardiser_.apply(data);
  std::vector<double> scores;
  scores.reserve(data.rows);
  for_each_product(standard, whitening_, data.columns,
                   [&](std::size_t, std::span<const float> white) {
                     double sum = 0;
                     for (const float value : white) {
                       sum += static_cast<double>(value) * value;
                     }
                     scores.push_back(sum);
                   });
  return scores;
}

}  // namespace gradspace
