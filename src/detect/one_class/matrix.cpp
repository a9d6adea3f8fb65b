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
  if (data.rows < 2) {
    throw InvalidArgument(
        fmt::format("{}: {} clean images to learn from, at least 2 are wanted", what, data.rows));
  }
  std::vector<double> sums(data.columns);
  std::vector<double> squares(data.columns);
  for (std::size_t i = 0; i < data.rows; ++i) {
    for (std::size_t k = 0; k < data.columns; ++k) {
      sums[k] += data.row(i)[k];
    }
  }
  const auto rows = static_cast<double>(data.rows);
  for (std::size_t i = 0; i < data.rows; ++i) {
    for (std::size_t k = 0; k < data.columns; ++k) {
      squares[k] += std::pow(data.row(i)[k] - sums[k] / rows, 2);
    }
  }
  Standardiser standardiser;
  bool varies = false;
  for (std::size_t k = 0; k < data.columns; ++k) {
    const double mean = sums[k] / rows;
    const double deviation = std::sqrt(squares[k] / rows);
    if (!std::isfinite(mean) || !std::isfinite(deviation)) {
      throw InvalidArgument(fmt::format("{}: feature {} is not finite on clean images", what, k));
    }
    const bool constant = deviation <= kConstant * std::abs(mean) || deviation < 1e-30;
    varies = varies || !constant;
    standardiser.mean_.push_back(static_cast<float>(mean));
    standardiser.scale_.push_back(constant ? 0.0F : static_cast<float>(1 / deviation));
  }
  if (!varies) {
    throw InvalidArgument(
        fmt::format("{}: all {} features are the same for every one of the {} clean images", what,
                    data.columns, data.rows));
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
