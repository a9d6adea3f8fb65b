// The matrix products of the quality scores, with the widest vectors the processor has: in float32, and
// in float64 where its digits are wanted.
// All matrices are row-major. Results do not depend on the processor but for the last digits.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/aligned_array.h"

namespace gradspace::quality {

/// Columns of a panel: every right-hand matrix has a multiple of them.
inline constexpr std::size_t kPanelColumns = 16;

/// Rows that are worked on at a time: with their results they fit the second-level cache.
inline constexpr std::size_t kBlockRows = 96;

/// A right-hand matrix, k x n, copied into panels of kPanelColumns columns, in which the rows lie one
/// after the other.
template <typename T>
class BasicPackedMatrix {
 public:
  BasicPackedMatrix(std::size_t k, std::size_t n, const T* values);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  /// The panel from column `column` on, a multiple of kPanelColumns.
  const T* panel(std::size_t column) const { return values_.get() + column * rows_; }

 private:
  std::size_t rows_;
  std::size_t columns_;
  AlignedArray<T> values_;
};
using PackedMatrix = BasicPackedMatrix<float>;

/// c = a b: a is m x k, c is m x n. A row of c depends on its row of a alone.
void multiply(std::size_t m, const float* a, const PackedMatrix& b, float* c);
void multiply(std::size_t m, const double* a, const BasicPackedMatrix<double>& b, double* c);

/// c = a b of symmetric k x k matrices whose product is symmetric too: half the work.
void multiply_symmetric(const float* a, const PackedMatrix& b, float* c);
void multiply_symmetric(const double* a, const BasicPackedMatrix<double>& b, double* c);

/// The sum of a^T b over many rows: float32 within some thousand rows, float64 above.
class ProductSum {
 public:
  /// Blocks of rows whose sums are added in float32.
  static constexpr std::size_t kBlocksInFloat = 16;

  enum class Half { kNone, kUpper };  ///< kUpper: the product is symmetric, of one half is enough

  /// a has `m` columns, b has `n`.
  ProductSum(std::size_t m, std::size_t n, Half half = Half::kNone);

  /// Adds `rows` rows, at most kBlockRows.
  void add(std::size_t rows, const float* a, const float* b);
  /// Adds what other sums of the same size hold, in their order; there are all of them.
  void add(std::span<const std::optional<ProductSum>> others);

  /// m x n, divided by `count`. Nothing is left of the sum.
  std::vector<double> mean(std::size_t count);

 private:
  void flush();

  std::size_t m_;
  std::size_t n_;
  Half half_;
  std::size_t blocks_ = 0;
  AlignedArray<float> partial_;
  std::vector<double> total_;  ///< empty until the first sums in float32 are done
};

}  // namespace gradspace::quality
