#include "simd/row_filters.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/row_filters.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Sums from `i` on for as long as `kVectors` whole vectors fit, whose sums are worked out side by side;
/// returns the first place that is left. `term(k)` is where the k-th term of place 0 lies.
template <std::size_t kVectors, typename D, typename Term>
HWY_INLINE std::size_t weighted_sums(D d, std::size_t i, std::span<const float> weights,
                                     const Term& term, float* HWY_RESTRICT out, std::size_t size) {
  const std::size_t lanes = hn::Lanes(d);
  for (; i + kVectors * lanes <= size; i += kVectors * lanes) {
    hn::Vec<D> sums[kVectors];
    for (auto& sum : sums) {
      sum = hn::Zero(d);
    }
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const auto weight = hn::Set(d, weights[k]);
      const float* in = term(k) + i;
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[v] = hn::MulAdd(weight, hn::LoadU(d, in + v * lanes), sums[v]);
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(sums[v], d, out + i + v * lanes);
    }
  }
  return i;
}

template <typename Term>
HWY_INLINE void all_weighted_sums(std::span<const float> weights, const Term& term, float* out,
                                  std::size_t size) {
  const hn::ScalableTag<float> d;
  std::size_t i = weighted_sums<4>(d, 0, weights, term, out, size);
  i = weighted_sums<1>(d, i, weights, term, out, size);
  weighted_sums<1>(hn::CappedTag<float, 1>(), i, weights, term, out, size);
}

void filter_row_kernel(std::span<const float> weights, const float* in, float* out,
                       std::size_t size) {
  all_weighted_sums(
      weights, [in](std::size_t k) { return in + k; }, out, size);
}

void filter_rows_kernel(std::span<const float> weights, const float* const* rows, float* out,
                        std::size_t size) {
  all_weighted_sums(
      weights, [rows](std::size_t k) { return rows[k]; }, out, size);
}

template <typename D>
HWY_INLINE std::size_t powers(D d, std::size_t i, const float* a, float p, const float* b, float q,
                              float* out, std::size_t size) {
  const auto least = hn::Set(d, 1e-30F);
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) {
    const auto log_a = hn::Log(d, hn::Max(hn::LoadU(d, a + i), least));
    const auto log_b = hn::Log(d, hn::Max(hn::LoadU(d, b + i), least));
    const auto sum = hn::MulAdd(hn::Set(d, p), log_a, hn::Mul(hn::Set(d, q), log_b));
    hn::StoreU(hn::Exp(d, sum), d, out + i);
  }
  return i;
}

void powers_kernel(const float* a, float p, const float* b, float q, float* out, std::size_t size) {
  const std::size_t i = powers(hn::ScalableTag<float>(), 0, a, p, b, q, out, size);
  powers(hn::CappedTag<float, 1>(), i, a, p, b, q, out, size);
}

/// A step of Newton's method gives back the digits that the logarithm's factor took.
template <typename D>
HWY_INLINE std::size_t roots(D d, std::size_t i, int degree, float* values, std::size_t size) {
  const auto least = hn::Set(d, 1e-20F);
  const auto share = hn::Set(d, 1 / static_cast<float>(degree));
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) {
    const auto x = hn::Max(hn::LoadU(d, values + i), least);
    const auto root = hn::Exp(d, hn::Mul(share, hn::Log(d, x)));
    auto power = root;  // of one degree less
    for (int k = 2; k < degree; ++k) {
      power = hn::Mul(power, root);
    }
    const auto excess = hn::Div(hn::MulSub(power, root, x), power);
    hn::StoreU(hn::NegMulAdd(share, excess, root), d, values + i);
  }
  return i;
}

void roots_kernel(int degree, float* values, std::size_t size) {
  const std::size_t i = roots(hn::ScalableTag<float>(), 0, degree, values, size);
  roots(hn::CappedTag<float, 1>(), i, degree, values, size);
}

}  // namespace
}  // namespace gradspace::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::simd {
namespace {

GRADSPACE_EXPORT(filter_row_kernel);
GRADSPACE_EXPORT(filter_rows_kernel);
GRADSPACE_EXPORT(powers_kernel);
GRADSPACE_EXPORT(roots_kernel);

}  // namespace

void filter_row(std::span<const float> weights, const float* in, float* out, std::size_t size) {
  GRADSPACE_DISPATCH(filter_row_kernel)(weights, in, out, size);
}

void filter_rows(std::span<const float> weights, const float* const* rows, float* out,
                 std::size_t size) {
  GRADSPACE_DISPATCH(filter_rows_kernel)(weights, rows, out, size);
}

void multiply_powers(const float* a, float p, const float* b, float q, float* out,
                     std::size_t size) {
  GRADSPACE_DISPATCH(powers_kernel)(a, p, b, q, out, size);
}

void take_roots(int degree, float* values, std::size_t size) {
  GRADSPACE_DISPATCH(roots_kernel)(degree, values, size);
}

}  // namespace gradspace::simd

#endif  // HWY_ONCE
