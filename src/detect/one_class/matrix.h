// Rows of features in double, the form every density here takes them in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradspace/moments.h"
#include "gradspace/tensor.h"

namespace gradspace {

struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;  ///< row by row

  Matrix() = default;
  Matrix(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), values(row_count * column_count) {}

  /// Makes room for so many; what was there is of no meaning any more, and memory is kept.
  void reshape(std::size_t row_count, std::size_t column_count) {
    rows = row_count;
    columns = column_count;
    values.resize(row_count * column_count);
  }

  std::span<double> row(std::size_t i) { return {values.data() + i * columns, columns}; }
  std::span<const double> row(std::size_t i) const {
    return {values.data() + i * columns, columns};
  }
};

/// Shifts and scales columns to mean 0 and deviation 1.
class Standardiser {
 public:
  /// A column that is constant over `data` is kept at 0 by a zero scale. Throws InvalidArgument when
  /// there are fewer than 2 rows, a value is not finite, or every column is constant; `what` names the
  /// features in the message.
  static Standardiser fit(const Matrix& data, const std::string& what);
  /// The same from the data's moments.
  static Standardiser fit(const Moments& moments, const std::string& what);
  /// From "mean" and "scale". Throws InvalidArgument when they do not fit.
  static Standardiser load(const TensorMap& tensors);

  void store(TensorMap& tensors) const;
  std::size_t columns() const { return mean_.size(); }
  std::span<const float> mean() const { return mean_; }
  std::span<const float> scale() const { return scale_; }
  /// Throws InvalidArgument for another number of columns.
  Matrix apply(const Matrix& data) const;
  /// The same into `result`, whose memory is kept.
  void apply(const Matrix& data, Matrix& result) const;
  /// Value `value` of feature `k`.
  double apply(std::size_t k, double value) const { return (value - mean_[k]) * scale_[k]; }

 private:
  /// Of columns with these means and deviations over so many rows.
  static Standardiser of(std::span<const double> means, std::span<const double> deviations,
                         std::uint64_t rows, const std::string& what);

  std::vector<float> mean_;
  std::vector<float> scale_;  ///< 1 / deviation, or 0
};

}  // namespace gradspace
