// Weighted sums of rows, and powers of them: what filters of images are made of, with the widest vectors the
// processor has. Results do not depend on the processor but for the last digits.
#pragma once

#include <cstddef>
#include <span>

namespace gradspace::simd {

/// out[i] = sum over k of weights[k] in[i + k], for i < size. `in` has size + weights.size() - 1 values; `out`
/// does not overlap it.
void filter_row(std::span<const float> weights, const float* in, float* out, std::size_t size);

/// out[i] = sum over k of weights[k] rows[k][i], for i < size. There is a row for every weight.
void filter_rows(std::span<const float> weights, const float* const* rows, float* out,
                 std::size_t size);

/// out[i] = a[i]^p b[i]^q of values that are not negative, for i < size. Relative error at most 1e-5 for powers
/// of at most 3 and values within [1e-30, 1e30]; smaller values count as 1e-30. `out` may be `a` or `b`.
void multiply_powers(const float* a, float p, const float* b, float q, float* out,
                     std::size_t size);

/// values[i] = values[i]^(1 / degree) of values that are not negative. Relative error at most 2e-7 for degrees
/// of at most 5 and values within [1e-20, 1e20]; smaller values count as 1e-20.
void take_roots(int degree, float* values, std::size_t size);

}  // namespace gradspace::simd
