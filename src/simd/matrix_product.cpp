#include "simd/matrix_product.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/matrix_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/dispatch.h"
#include "simd/product_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace tile = simd::HWY_NAMESPACE;

constexpr std::size_t kRows = 4;  // with three vectors a row: twelve sums in registers

const hn::ScalableTag<float> kTag;

/// Columns from `j` on, by vectors of at most `Width` values; returns the first column that is left.
template <std::size_t Rows, std::size_t Width>
HWY_INLINE std::size_t narrow_columns(std::size_t j, std::size_t n, std::size_t k,
                                      const StridedMatrix& a, const float* b, std::size_t b_stride,
                                      float* c, std::size_t c_stride) {
  const hn::CappedTag<float, Width> d;
  for (const std::size_t lanes = hn::Lanes(d); j + lanes <= n; j += lanes) {
    tile::product_tile<Rows, 1, Rounding::kEveryStep, tile::Store::kReplace>(
        d, k, a, b + j, b_stride, c + j, c_stride);
  }
  return j;
}

template <std::size_t Rows, Rounding kRounding>
void product_rows(std::size_t n, std::size_t k, const StridedMatrix& a, const float* b,
                  std::size_t b_stride, float* c, std::size_t c_stride) {
  constexpr auto kReplace = tile::Store::kReplace;
  const std::size_t lanes = hn::Lanes(kTag);
  std::size_t j = 0;
  for (; j + 3 * lanes <= n; j += 3 * lanes) {
    tile::product_tile<Rows, 3, kRounding, kReplace>(kTag, k, a, b + j, b_stride, c + j, c_stride);
  }
  if (j + 2 * lanes <= n) {
    tile::product_tile<Rows, 2, kRounding, kReplace>(kTag, k, a, b + j, b_stride, c + j, c_stride);
    j += 2 * lanes;
  } else if (j + lanes <= n) {
    tile::product_tile<Rows, 1, kRounding, kReplace>(kTag, k, a, b + j, b_stride, c + j, c_stride);
    j += lanes;
  }
  // The columns that fill no vector are rounded at every step, as a plain loop would.
  j = narrow_columns<Rows, 8>(j, n, k, a, b, b_stride, c, c_stride);
  j = narrow_columns<Rows, 4>(j, n, k, a, b, b_stride, c, c_stride);
  narrow_columns<Rows, 1>(j, n, k, a, b, b_stride, c, c_stride);
}

template <Rounding kRounding>
void product(std::size_t m, std::size_t n, std::size_t k, const StridedMatrix& a, const float* b,
             std::size_t b_stride, float* c, std::size_t c_stride) {
  std::size_t i = 0;
  for (; i + kRows <= m; i += kRows) {
    product_rows<kRows, kRounding>(n, k, a.from_row(i), b, b_stride, c + i * c_stride, c_stride);
  }
  for (; i < m; ++i) {
    product_rows<1, kRounding>(n, k, a.from_row(i), b, b_stride, c + i * c_stride, c_stride);
  }
}

void product_kernel(std::size_t m, std::size_t n, std::size_t k, const StridedMatrix& a,
                    const float* b, std::size_t b_stride, float* c, std::size_t c_stride,
                    Rounding rounding) {
  const auto of_rounding =
      rounding == Rounding::kFused ? product<Rounding::kFused> : product<Rounding::kEveryStep>;
  of_rounding(m, n, k, a, b, b_stride, c, c_stride);
}

}  // namespace
}  // namespace gradspace::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace {

GRADSPACE_EXPORT(product_kernel);

void matrix_product(std::size_t m, std::size_t n, std::size_t k, const StridedMatrix& a,
                    const float* b, std::size_t b_stride, float* c, std::size_t c_stride,
                    Rounding rounding) {
  if (k == 0) {  // b has no rows then, and may be null
    for (std::size_t i = 0; i < m; ++i) {
      std::fill_n(c + i * c_stride, n, 0.0F);
    }
    return;
  }
  GRADSPACE_DISPATCH(product_kernel)(m, n, k, a, b, b_stride, c, c_stride, rounding);
}

}  // namespace gradspace

#endif  // HWY_ONCE
