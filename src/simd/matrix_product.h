// The one matrix product the classifier needs, with the widest vectors the processor has.
#pragma once

#include <cstddef>

namespace gradspace {

/// A matrix in memory: element (i, j) at values[i * row_stride + j * column_stride].
struct StridedMatrix {
  const float* values;
  std::size_t row_stride;
  std::size_t column_stride;
};

/// c = a b, row by row: a is m x k (any strides), b is k x n with rows `b_stride` floats apart, c
/// is m x n with rows `c_stride` apart. Sums run over k in order, in float32; the result does not
/// depend on m. Instruction sets differ in the last digits only.
void matrix_product(std::size_t m, std::size_t n, std::size_t k, const StridedMatrix& a,
                    const float* b, std::size_t b_stride, float* c, std::size_t c_stride);

}  // namespace gradspace
