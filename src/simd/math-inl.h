// Exponential and logistic function with stated error bounds (tests/gradient/math_test.cpp holds
// them). Included once for every instruction set.
//
// Highway's own hwy/contrib/math has an Exp, twice as exact as this one. It is not used because every
// output value of a network takes one exponential, always of a number that is not over zero: with that
// known, exp_minus_abs takes half of hwy::Exp's time (0.12 to 0.23 ns a value with AVX-512, 0.23 to
// 0.47 ns with AVX2, 0.72 to 1.41 ns with SSE4), and exp of any number takes 0.6 of it. Its Log is used
// where a loss needs one logarithm for 64 values (gradient/loss-inl.h): what that costs can't be seen.
#if defined(GRADSPACE_SIMD_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_SIMD_MATH_INL_H
#undef GRADSPACE_SIMD_MATH_INL_H
#else
#define GRADSPACE_SIMD_MATH_INL_H
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <limits>
#include <utility>

// A file that wants groups of four lanes, where a processor has more, defines GRADSPACE_NARROW.
#undef GRADSPACE_LANES
#undef GRADSPACE_LANES_TAG
#ifdef GRADSPACE_NARROW
#define GRADSPACE_LANES narrow
#define GRADSPACE_LANES_TAG hn::CappedTag<float, 4>
#else
#define GRADSPACE_LANES wide
#define GRADSPACE_LANES_TAG hn::ScalableTag<float>
#endif

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = GRADSPACE_LANES_TAG;
using V = hn::Vec<D>;
inline constexpr std::size_t kLanes = hn::MaxLanes(D());

/// exp(kLeastExponent) is just above the smallest normal float, exp(kLargestExponent) just below the
/// largest one.
inline constexpr float kLeastExponent = -87.33F;
inline constexpr float kLargestExponent = 88.7228F;

/// exp(x) for x within [kLeastExponent, kLargestExponent]. Relative error at most 2e-7.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2. n is rounded by adding 1.5 * 2^23, which leaves it in the
/// lowest bits, from where a shift moves it into the exponent. ln 2 is split so that n times its
/// first part is exact even without fused multiply-add. exp(r) is a polynomial of least greatest
/// relative error (3.1e-9) with the first two coefficients fixed at 1.
HWY_INLINE V bounded_exp(V x) {
  const D d;
  const hn::RebindToSigned<D> di;
  const V magic = hn::Set(d, 12582912.0F);
  const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504F), magic);
  const V n = hn::Sub(shifted, magic);
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375F), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4F), r);
  // By pairs of terms, which is a shorter chain than Horner's.
  const V r2 = hn::Mul(r, r);
  const V c23 = hn::MulAdd(hn::Set(d, 0.166665201F), r, hn::Set(d, 0.499999934F));
  const V c45 = hn::MulAdd(hn::Set(d, 0.0083687804F), r, hn::Set(d, 0.0416683942F));
  const V c456 = hn::MulAdd(hn::Set(d, 0.00138144669F), r2, c45);
  const V p = hn::MulAdd(hn::MulAdd(c456, r2, c23), r2, hn::Add(r, hn::Set(d, 1.0F)));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(di, shifted));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), exponent));
}

/// exp(x) of any x but NaN. Relative error at most 2e-7; below kLeastExponent 0 (absolute error under
/// 1.2e-38), above kLargestExponent infinity.
HWY_INLINE V exp(V x) {
  const D d;
  const V least = hn::Set(d, kLeastExponent);
  const V largest = hn::Set(d, kLargestExponent);
  const V inside = bounded_exp(hn::Min(hn::Max(x, least), largest));
  const V finite_or_infinite = hn::IfThenElse(
      hn::Gt(x, largest), hn::Set(d, std::numeric_limits<float>::infinity()), inside);
  return hn::IfThenZeroElse(hn::Lt(x, least), finite_or_infinite);
}

#if HWY_TARGET == HWY_AVX3
// What AVX-512 has an instruction of its own for, at every width.
HWY_INLINE __m128 nearer_to_zero(__m128 a, __m128 b) {
  return _mm_range_ps(a, b, 14);
}
HWY_INLINE __m256 nearer_to_zero(__m256 a, __m256 b) {
  return _mm256_range_ps(a, b, 14);
}
HWY_INLINE __m512 nearer_to_zero(__m512 a, __m512 b) {
  return _mm512_range_ps(a, b, 14);
}
HWY_INLINE __m128 scale(__m128 a, __m128 n) {
  return _mm_scalef_ps(a, n);
}
HWY_INLINE __m256 scale(__m256 a, __m256 n) {
  return _mm256_scalef_ps(a, n);
}
HWY_INLINE __m512 scale(__m512 a, __m512 n) {
  return _mm512_scalef_ps(a, n);
}
#endif

/// -|x|, not below kLeastExponent.
HWY_INLINE V bounded_minus_abs(V x) {
  const D d;
  const V least = hn::Set(d, kLeastExponent);
#if HWY_TARGET == HWY_AVX3
  return V{nearer_to_zero(x.raw, least.raw)};  // with the sign set
#else
  return hn::Max(hn::Or(x, hn::SignBit(d)), least);
#endif
}

/// exp(-|x|) of some vectors, within (0, 1], not below exp(kLeastExponent). Relative error at most
/// 2e-7 + 1.4e-8 |x|, where x is not below kLeastExponent.
///
/// As bounded_exp, but by powers of two: with x log2 e = n + r and |r| <= 1/2 one product is enough, and
/// the second part of the error above is that of log2 e. 2^r is a polynomial of least greatest relative
/// error (1.1e-7) with the first coefficient fixed at 1.
///
/// Each step is done for all vectors before the next one: one vector's steps wait for each other, and a
/// processor does not look far enough ahead to find another vector's.
template <std::size_t kVectors, std::size_t... k>
HWY_INLINE void exp_minus_abs(const V (&x)[kVectors], V (&e)[kVectors],
                              std::index_sequence<k...> /*all*/) {
#if (HWY_TARGET & (HWY_SSE4 | HWY_SSSE3 | HWY_SCALAR)) != 0  // where the product would be rounded
  ((e[k] = bounded_exp(bounded_minus_abs(x[k]))), ...);
#else
  const D d;
  const V log2_e = hn::Set(d, 1.44269504F);
  const V magic = hn::Set(d, 12582912.0F);
  const V bounded[] = {bounded_minus_abs(x[k])...};
  const V shifted[] = {hn::MulAdd(bounded[k], log2_e, magic)...};
  const V n[] = {hn::Sub(shifted[k], magic)...};
  const V r[] = {hn::MulSub(bounded[k], log2_e, n[k])...};
  ((e[k] = hn::MulAdd(hn::Set(d, 0.00132647273F), r[k], hn::Set(d, 0.00967151299F))), ...);
  ((e[k] = hn::MulAdd(e[k], r[k], hn::Set(d, 0.0555073358F))), ...);
  ((e[k] = hn::MulAdd(e[k], r[k], hn::Set(d, 0.240222424F))), ...);
  ((e[k] = hn::MulAdd(e[k], r[k], hn::Set(d, 0.693147004F))), ...);
  ((e[k] = hn::MulAdd(e[k], r[k], hn::Set(d, 1.0F))), ...);
#if HWY_TARGET == HWY_AVX3
  ((e[k] = V{scale(e[k].raw, n[k].raw)}), ...);
#else
  const hn::RebindToSigned<D> di;
  ((e[k] = hn::BitCast(
        d, hn::Add(hn::BitCast(di, e[k]), hn::ShiftLeft<23>(hn::BitCast(di, shifted[k]))))),
   ...);
#endif
#endif
}

template <std::size_t kVectors>
HWY_INLINE void exp_minus_abs(const V (&x)[kVectors], V (&e)[kVectors]) {
  exp_minus_abs(x, e, std::make_index_sequence<kVectors>());
}

/// The same of one vector.
HWY_INLINE V exp_minus_abs(V x) {
  const V in[] = {x};
  V e[1];
  exp_minus_abs(in, e);
  return e[0];
}

/// The logistic function 1 / (1 + exp(-x)) from e = exp_minus_abs(x) and 1 / (1 + e). Relative error
/// at most 2e-6 down to x = kLeastExponent, 6e-7 from x = -30 on; below kLeastExponent the value there
/// (1.2e-38).
HWY_INLINE V logistic(V x, V e, V inverse) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  const auto negative =
      hn::MaskFromVec(x);  // of masks, these processors' blends look at the sign alone
  return hn::IfThenElse(negative, hn::Mul(e, inverse), inverse);
#else
  return hn::IfNegativeThenElse(x, hn::Mul(e, inverse), inverse);
#endif
}

}  // namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_SIMD_MATH_INL_H
