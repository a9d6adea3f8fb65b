// Rows of features times a matrix, a part at a time: what densities over many images are made of.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "detect/one_class/density.h"
#include "simd/matrix_product.h"

namespace gradspace {

/// Calls use(i, row i of the product of `rows` and `right`) for every row in order; `right` is
/// [rows.columns, n]. Works in `memory`, where `rows` may be its `standard`.
template <typename Use>
void for_each_product(const Matrix& rows, const std::vector<float>& right, std::size_t n,
                      DensityMemory& memory, Use use) {
  constexpr std::size_t kPart = 64;  // of 8 192 columns 2 MB
  const std::size_t d = rows.columns;
  std::vector<float>& left = memory.left;
  left.assign(rows.values.begin(), rows.values.end());
  std::vector<float>& products = memory.products;
  products.resize(std::min(kPart, rows.rows) * n);
  for (std::size_t first = 0; first < rows.rows; first += kPart) {
    const std::size_t count = std::min(kPart, rows.rows - first);
    matrix_product(count, n, d, {left.data() + first * d, d, 1}, right.data(), n, products.data(),
                   n);
    for (std::size_t i = 0; i < count; ++i) {
      use(first + i, std::span<const float>(products).subspan(i * n, n));
    }
  }
}

}  // namespace gradspace
