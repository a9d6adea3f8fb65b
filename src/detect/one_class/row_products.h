// Rows of features times a matrix that is used again and again: what densities over many images are made of.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "detect/one_class/density.h"
#include "simd/matrix_product.h"

namespace gradspace {

/// A right-hand matrix, [rows, columns], cut into panels of columns that lie one after the other. An image alone reads
/// each value once, in the order of memory; of many images, a panel stays in the cache while all of them are multiplied
/// by it. Rows of zeros at the end of a panel are left out: a triangular matrix takes half of the memory and time.
class PanelMatrix {
 public:
  PanelMatrix() = default;
  /// `values`: row by row.
  PanelMatrix(std::size_t rows, std::size_t columns, std::span<const float> values);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

  /// products[i, :] = left[i, :] times this, for `count` rows of `left`, in float32, each sum in the order of its
  /// terms. A row's product depends on that row alone.
  void multiply(std::size_t count, const float* left, float* products) const;

 private:
  /// Whole tiles of `matrix_product` for every vector of 4, 8 or 16 values, so that sums are rounded alike in panels of
  /// any number.
  static constexpr std::size_t kPanelColumns = 48;

  struct Panel {
    std::size_t first = 0;  ///< column
    std::size_t columns = 0;
    std::size_t rows = 0;
    std::size_t place = 0;  ///< in `values_`
  };

  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<Panel> panels_;
  std::vector<float> values_;
};

/// Calls use(i, row i of the product of `rows` and `right`) for every row in order; `right` has as many rows as `rows`
/// has columns. Works in `memory`, where `rows` may be its `standard`.
template <typename Use>
void for_each_product(const Matrix& rows, const PanelMatrix& right, DensityMemory& memory,
                      Use use) {
  constexpr std::size_t kPart = 64;  // of 8 192 columns 2 MB
  const std::size_t d = rows.columns;
  const std::size_t n = right.columns();
  std::vector<float>& left = memory.left;
  left.assign(rows.values.begin(), rows.values.end());
  std::vector<float>& products = memory.products;
  products.resize(std::min(kPart, rows.rows) * n);
  for (std::size_t first = 0; first < rows.rows; first += kPart) {
    const std::size_t count = std::min(kPart, rows.rows - first);
    right.multiply(count, left.data() + first * d, products.data());
    for (std::size_t i = 0; i < count; ++i) {
      use(first + i, std::span<const float>(products).subspan(i * n, n));
    }
  }
}

}  // namespace gradspace
