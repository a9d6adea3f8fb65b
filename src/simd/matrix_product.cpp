#include "simd/matrix_product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/matrix_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gradspace::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kRows = 4;  // with three vectors a row: twelve sums in registers

const hn::ScalableTag<float> kTag;
using Vector = hn::Vec<decltype(kTag)>;

/// kRows rows of c, `Vectors` vectors wide, columns from `column`.
template <std::size_t Rows, std::size_t Vectors>
HWY_INLINE void product_tile(std::size_t k, const StridedMatrix& a, const float* HWY_RESTRICT b,
                             std::size_t b_stride, float* HWY_RESTRICT c, std::size_t c_stride) {
  const std::size_t lanes = hn::Lanes(kTag);
  Vector sums[Rows][Vectors];
  for (auto& row : sums) {
    for (Vector& sum : row) {
      sum = hn::Zero(kTag);
    }
  }
  for (std::size_t p = 0; p < k; ++p) {
    Vector right[Vectors];
    for (std::size_t v = 0; v < Vectors; ++v) {
      right[v] = hn::LoadU(kTag, b + p * b_stride + v * lanes);
    }
    for (std::size_t r = 0; r < Rows; ++r) {
      const Vector left = hn::Set(kTag, a.values[r * a.row_stride + p * a.column_stride]);
      for (std::size_t v = 0; v < Vectors; ++v) {
        sums[r][v] = hn::MulAdd(left, right[v], sums[r][v]);
      }
    }
  }
  for (std::size_t r = 0; r < Rows; ++r) {
    for (std::size_t v = 0; v < Vectors; ++v) {
      hn::StoreU(sums[r][v], kTag, c + r * c_stride + v * lanes);
    }
  }
}

/// The columns that fill no vector.
void product_tail(std::size_t rows, std::size_t columns, std::size_t k, const StridedMatrix& a,
                  const float* b, std::size_t b_stride, float* c, std::size_t c_stride) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) {
      float sum = 0;
      for (std::size_t p = 0; p < k; ++p) {
        sum += a.values[r * a.row_stride + p * a.column_stride] * b[p * b_stride + j];
      }
      c[r * c_stride + j] = sum;
    }
  }
}

template <std::size_t Rows>
void product_rows(std::size_t n, std::size_t k, const StridedMatrix& a, const float* b,
                  std::size_t b_stride, float* c, std::size_t c_stride) {
  const std::size_t lanes = hn::Lanes(kTag);
  std::size_t j = 0;
  for (; j + 3 * lanes <= n; j += 3 * lanes) {
    product_tile<Rows, 3>(k, a, b + j, b_stride, c + j, c_stride);
  }
  if (j + 2 * lanes <= n) {
    product_tile<Rows, 2>(k, a, b + j, b_stride, c + j, c_stride);
    j += 2 * lanes;
  } else if (j + lanes <= n) {
    product_tile<Rows, 1>(k, a, b + j, b_stride, c + j, c_stride);
    j += lanes;
  }
  product_tail(Rows, n - j, k, a, b + j, b_stride, c + j, c_stride);
}

void product(std::size_t m, std::size_t n, std::size_t k, const StridedMatrix& a, const float* b,
             std::size_t b_stride, float* c, std::size_t c_stride) {
  std::size_t i = 0;
  const auto rows_from = [&](std::size_t row) {
    return StridedMatrix{a.values + row * a.row_stride, a.row_stride, a.column_stride};
  };
  for (; i + kRows <= m; i += kRows) {
    product_rows<kRows>(n, k, rows_from(i), b, b_stride, c + i * c_stride, c_stride);
  }
  for (; i < m; ++i) {
    product_rows<1>(n, k, rows_from(i), b, b_stride, c + i * c_stride, c_stride);
  }
}

}  // namespace
}  // namespace gradspace::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace {

HWY_EXPORT(product);

void matrix_product(std::size_t m, std::size_t n, std::size_t k, const StridedMatrix& a,
                    const float* b, std::size_t b_stride, float* c, std::size_t c_stride) {
  HWY_DYNAMIC_DISPATCH(product)(m, n, k, a, b, b_stride, c, c_stride);
}

}  // namespace gradspace

#endif  // HWY_ONCE
