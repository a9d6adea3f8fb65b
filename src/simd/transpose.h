// Matrices turned on their side.
#pragma once

#include <cstddef>
#include <vector>

#include "gradspace/tensor.h"

namespace gradspace::quality {

/// The values of a matrix [m, n] as [n, m].
inline std::vector<float> transposed(const Tensor& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.shape[0]);
  const auto columns = static_cast<std::size_t>(matrix.shape[1]);
  std::vector<float> result(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      result[j * rows + i] = matrix.values[i * columns + j];
    }
  }
  return result;
}

}  // namespace gradspace::quality
