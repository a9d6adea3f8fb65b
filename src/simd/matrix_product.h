// Products of small and of strided matrices, with the widest vectors the processor has. For large ones
// whose right-hand side is used again and again, products.h is faster.
#pragma once

#include <cstddef>

namespace gradspace {

/// How a product is rounded when it joins a sum.
enum class Rounding {
  kFused,      ///< once, after product and sum, where the processor can: faster and closer
  kEveryStep,  ///< after the product and after the sum: every processor gives the same digits
};

/// A matrix in memory: element (i, j) at values[i * row_stride + j * column_stride].
template <typename T>
struct Strided {
  const T* values;
  std::size_t row_stride;
  std::size_t column_stride;

  T at(std::size_t row, std::size_t column) const {
    return values[row * row_stride + column * column_stride];
  }
  Strided from_row(std::size_t row) const {
    return {values + row * row_stride, row_stride, column_stride};
  }
};
using StridedMatrix = Strided<float>;

/// c = a b, row by row: a is m x k (any strides), b is k x n with rows `b_stride` floats apart, c
/// is m x n with rows `c_stride` apart. Sums run over k in order, in float32; the result does not
/// depend on m. With Rounding::kFused instruction sets differ in the last digits.
void matrix_product(std::size_t m, std::size_t n, std::size_t k, const StridedMatrix& a,
                    const float* b, std::size_t b_stride, float* c, std::size_t c_stride,
                    Rounding rounding = Rounding::kFused);

}  // namespace gradspace
