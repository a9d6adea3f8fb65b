#include "detect/one_class/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/tensor_of_shape.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// A deviation under this share of the column's size is rounding, not variation.
constexpr double kConstant = 1e-6;

}  // namespace

Standardiser Standardiser::fit(const Matrix& data, const std::string& what) {
  std::vector<double> means(data.columns);
  std::vector<double> deviations(data.columns);
  const auto rows = static_cast<double>(data.rows);
  for (std::size_t i = 0; i < data.rows; ++i) {
    for (std::size_t k = 0; k < data.columns; ++k) {
      means[k] += data.row(i)[k];
    }
  }
  for (double& mean : means) {
    mean /= rows;
  }
  for (std::size_t i = 0; i < data.rows; ++i) {
    for (std::size_t k = 0; k < data.columns; ++k) {
      deviations[k] += std::pow(data.row(i)[k] - means[k], 2);
    }
  }
  for (double& deviation : deviations) {
    deviation = std::sqrt(deviation / rows);
  }
  return of(means, deviations, data.rows, what);
}

Standardiser Standardiser::fit(const Moments& moments, const std::string& what) {
  std::vector<double> deviations(moments.columns());
  for (std::size_t k = 0; k < deviations.size(); ++k) {
    deviations[k] = std::sqrt(moments.second_of(k, k) / static_cast<double>(moments.rows));
  }
  return of(moments.mean, deviations, moments.rows, what);
}

Standardiser Standardiser::of(std::span<const double> means, std::span<const double> deviations,
                              std::uint64_t rows, const std::string& what) {
  if (rows < 2) {
    throw InvalidArgument(
        fmt::format("{}: {} clean images to learn from, at least 2 are wanted", what, rows));
  }
  Standardiser standardiser;
  bool varies = false;
  for (std::size_t k = 0; k < means.size(); ++k) {
    if (!std::isfinite(means[k]) || !std::isfinite(deviations[k])) {
      throw InvalidArgument(fmt::format("{}: feature {} is not finite on clean images", what, k));
    }
    const bool constant = deviations[k] <= kConstant * std::abs(means[k]) || deviations[k] < 1e-30;
    varies = varies || !constant;
    standardiser.mean_.push_back(static_cast<float>(means[k]));
    standardiser.scale_.push_back(constant ? 0.0F : static_cast<float>(1 / deviations[k]));
  }
  if (!varies) {
    throw InvalidArgument(
        fmt::format("{}: all {} features are the same for every one of the {} clean images", what,
                    means.size(), rows));
  }
  return standardiser;
}

Standardiser Standardiser::load(const TensorMap& tensors) {
  Standardiser standardiser;
  standardiser.mean_ = tensor_of_shape(tensors, "mean", {-1}, "detector").values;
  const auto columns = static_cast<std::int64_t>(standardiser.mean_.size());
  standardiser.scale_ = tensor_of_shape(tensors, "scale", {columns}, "detector").values;
  return standardiser;
}

void Standardiser::store(TensorMap& tensors) const {
  const auto columns = static_cast<std::int64_t>(mean_.size());
  tensors["mean"] = {{columns}, mean_};
  tensors["scale"] = {{columns}, scale_};
}

Matrix Standardiser::apply(const Matrix& data) const {
  Matrix result;
  apply(data, result);
  return result;
}

void Standardiser::apply(const Matrix& data, Matrix& result) const {
  if (data.columns != columns()) {
    throw InvalidArgument(
        fmt::format("detector: {} features an image, wanted {}", data.columns, columns()));
  }
  result.reshape(data.rows, data.columns);
  for (std::size_t i = 0; i < data.rows; ++i) {
    const auto in = data.row(i);
    const auto out = result.row(i);
    for (std::size_t k = 0; k < data.columns; ++k) {
      out[k] = apply(k, in[k]);
    }
  }
}

}  // namespace gradspace
