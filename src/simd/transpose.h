// Matrices turned on their side.
#pragma once

#include <cstddef>
#include <vector>

#include "gradspace/tensor.h"

namespace gradspace {

/// A matrix [rows, columns] as [columns, rows].
inline std::vector<float> transposed(std::size_t rows, std::size_t columns, const float* values) {
  std::vector<float> result(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      result[j * rows + i] = values[i * columns + j];
    }
  }
  return result;
}

inline std::vector<float> transposed(const Tensor& matrix) {
  return transposed(static_cast<std::size_t>(matrix.shape[0]),
                    static_cast<std::size_t>(matrix.shape[1]), matrix.values.data());
}

}  // namespace gradspace
