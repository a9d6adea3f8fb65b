// Cosine transforms of strips: of several columns of vectors side by side. Included once for every instruction set.
#if defined(GRADSPACE_SIMD_COSINE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_SIMD_COSINE_INL_H
#undef GRADSPACE_SIMD_COSINE_INL_H
#else
#define GRADSPACE_SIMD_COSINE_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "simd/cosine_plan.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Columns of a strip. Sample i of column c is the vector at (i * kStripColumns + c) of the strip.
inline constexpr std::size_t kStripColumns = 4;

/// Columns whose sums are in registers at once, for each of CosinePlan::kBlock frequencies.
#if HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3         // a larger number is an older instruction set
inline constexpr std::size_t kColumnsAtOnce = 2;  // of 16 registers
#else
inline constexpr std::size_t kColumnsAtOnce = 4;
#endif

/// Where the vectors of a strip's frequencies go: that of frequency u and column c to out + u * step + c * column_step.
struct StripTarget {
  float* out;
  std::size_t step;
  std::size_t column_step;
};

/// `kRows` frequencies of kColumnsAtOnce columns.
template <std::size_t kRows, class D>
HWY_INLINE void product_block(D d, std::size_t samples, const float* HWY_RESTRICT coefficients,
                              const float* HWY_RESTRICT strip, float* HWY_RESTRICT out,
                              std::size_t row_step, std::size_t column_step) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  V sums[kRows][kColumnsAtOnce];
  for (auto& row : sums) {
    for (V& sum : row) {
      sum = hn::Zero(d);
    }
  }
  for (std::size_t p = 0; p < samples; ++p) {
    V values[kColumnsAtOnce];
    for (std::size_t c = 0; c < kColumnsAtOnce; ++c) {
      values[c] = hn::LoadU(d, strip + (p * kStripColumns + c) * lanes);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const V coefficient = hn::Set(d, coefficients[p * kRows + r]);
      for (std::size_t c = 0; c < kColumnsAtOnce; ++c) {
        sums[r][c] = hn::MulAdd(coefficient, values[c], sums[r][c]);
      }
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t c = 0; c < kColumnsAtOnce; ++c) {
      hn::StoreU(sums[r][c], d, out + r * row_step + c * column_step);
    }
  }
}

/// A block of `rows` frequencies of all columns.
template <class D>
HWY_INLINE void product_rows(D d, std::size_t rows, std::size_t samples, const float* coefficients,
                             const float* strip, const StripTarget& target) {
  for (std::size_t c = 0; c < kStripColumns; c += kColumnsAtOnce) {
    const float* columns = strip + c * hn::Lanes(d);
    float* out = target.out + c * target.column_step;
    const auto block = [&]<std::size_t kRows>() HWY_ATTR {
      product_block<kRows>(d, samples, coefficients, columns, out, target.step, target.column_step);
    };
    static_assert(CosinePlan::kBlock == 4);
    switch (rows) {
      case 4:
        block.template operator()<4>();
        break;
      case 3:
        block.template operator()<3>();
        break;
      case 2:
        block.template operator()<2>();
        break;
      default:
        block.template operator()<1>();
    }
  }
}

/// The folds of a strip but the first, which whoever fills the strip has done, and the products. The strip is lost.
template <class D>
HWY_INLINE void transform_folded(D d, const CosinePlan& plan, float* HWY_RESTRICT strip,
                                 const StripTarget& target) {
  const std::size_t row = kStripColumns * hn::Lanes(d);
  for (std::size_t fold = 1; fold < plan.folds.size(); ++fold) {
    const std::size_t n = plan.folds[fold];
    for (std::size_t i = 0; i < n / 2; ++i) {
      float* one = strip + i * row;
      float* other = strip + (n - 1 - i) * row;
      for (std::size_t j = 0; j < row; j += hn::Lanes(d)) {
        const auto a = hn::LoadU(d, one + j);
        const auto b = hn::LoadU(d, other + j);
        hn::StoreU(hn::Add(a, b), d, one + j);
        hn::StoreU(hn::Sub(a, b), d, other + j);
      }
    }
  }
  for (const CosinePlan::Product& product : plan.products) {
    const float* coefficients = plan.coefficients.data() + product.first_coefficient;
    const float* samples = strip + product.first_sample * row;
    for (std::size_t r = 0; r < product.size; r += CosinePlan::kBlock) {
      const std::size_t rows = std::min(CosinePlan::kBlock, product.size - r);
      const std::size_t frequency = product.first_frequency + r * product.frequency_step;
      product_rows(d, rows, product.size, coefficients, samples,
                   {target.out + frequency * target.step, product.frequency_step * target.step,
                    target.column_step});
      coefficients += rows * product.size;
    }
  }
}

/// Fills `strips` strips at once with what `load(i, c, values)` gives for sample i and column c, a vector a strip, and
/// does the first fold. Strips are `strip_step` floats apart.
template <std::size_t kStrips, class D, class Load>
HWY_INLINE void fill_folded(D d, const CosinePlan& plan, std::size_t strip_step, float* strip,
                            Load load) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const bool even = !plan.folds.empty();
  const std::size_t n = plan.size;
  for (std::size_t i = 0; i < (even ? n / 2 : n); ++i) {
    for (std::size_t c = 0; c < kStripColumns; ++c) {
      V a[kStrips];
      load(i, c, a);
      float* one = strip + (i * kStripColumns + c) * lanes;
      if (!even) {
        for (std::size_t k = 0; k < kStrips; ++k) {
          hn::StoreU(a[k], d, one + k * strip_step);
        }
        continue;
      }
      V b[kStrips];
      load(n - 1 - i, c, b);
      float* other = strip + ((n - 1 - i) * kStripColumns + c) * lanes;
      for (std::size_t k = 0; k < kStrips; ++k) {
        hn::StoreU(hn::Add(a[k], b[k]), d, one + k * strip_step);
        hn::StoreU(hn::Sub(a[k], b[k]), d, other + k * strip_step);
      }
    }
  }
}

}  // namespace gradspace::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_SIMD_COSINE_INL_H
