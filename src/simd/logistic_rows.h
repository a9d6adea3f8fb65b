// The hidden layer's activation, with the widest vectors the processor has.
#pragma once

#include <cstddef>

namespace gradspace::quality {

/// values = 1 / (1 + exp(-(values + bias))), row by row; `columns` is a multiple of 16. Relative error
/// at most 6e-7.
void logistic_rows(std::size_t rows, std::size_t columns, const float* bias, float* values);

}  // namespace gradspace::quality
