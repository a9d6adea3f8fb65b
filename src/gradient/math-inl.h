// Exponential and logistic function with stated error bounds (tests/gradient/math_test.cpp holds
// them). Included once for every instruction set.
#if defined(GRADSPACE_GRADIENT_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_GRADIENT_MATH_INL_H
#undef GRADSPACE_GRADIENT_MATH_INL_H
#else
#define GRADSPACE_GRADIENT_MATH_INL_H
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
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
/// relative error (1.05e-7) with the first two coefficients fixed at 1.
HWY_INLINE V bounded_exp(V x) {
  const D d;
  const hn::RebindToSigned<D> di;
  const V magic = hn::Set(d, 12582912.0F);
  const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504F), magic);
  const V n = hn::Sub(shifted, magic);
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375F), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4F), r);
  V p = hn::MulAdd(hn::Set(d, 0.00831247759F), r, hn::Set(d, 0.0418905499F));
  p = hn::MulAdd(p, r, hn::Set(d, 0.166671163F));
  p = hn::MulAdd(p, r, hn::Set(d, 0.499992288F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F));
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

/// What the output layer needs of one vector of logits l.
struct Logistic {
  V value;     ///< 1 / (1 + exp(-l))
  V exp_abs;   ///< exp(-|l|), within (0, 1]
  V one_plus;  ///< 1 + exp(-|l|), within (1, 2]
};

HWY_INLINE void logistic_exponentials(V l, Logistic& out) {
  const D d;
  const V minus_abs = hn::Or(l, hn::SignBit(d));
  out.exp_abs = bounded_exp(hn::Max(minus_abs, hn::Set(d, kLeastExponent)));
  out.one_plus = hn::Add(hn::Set(d, 1.0F), out.exp_abs);
}

HWY_INLINE V logistic_value(V l, V exp_abs, V inverse) {
  const D d;
  const V numerator = hn::IfThenElse(hn::Ge(l, hn::Zero(d)), hn::Set(d, 1.0F), exp_abs);
  return hn::Mul(numerator, inverse);
}

/// The logistic function of four vectors at the price of one division: 1 / a, ..., 1 / d come out of
/// 1 / (abcd), which is safe since each factor is within (1, 2]. Relative error at most 6e-7 down to
/// l = kLeastExponent; below it the value of kLeastExponent (1.2e-38).
HWY_INLINE void logistic(V l0, V l1, V l2, V l3, Logistic (&out)[4]) {
  const D d;
  logistic_exponentials(l0, out[0]);
  logistic_exponentials(l1, out[1]);
  logistic_exponentials(l2, out[2]);
  logistic_exponentials(l3, out[3]);
  const V product01 = hn::Mul(out[0].one_plus, out[1].one_plus);
  const V product23 = hn::Mul(out[2].one_plus, out[3].one_plus);
  const V inverse = hn::Div(hn::Set(d, 1.0F), hn::Mul(product01, product23));
  const V inverse01 = hn::Mul(inverse, product23);
  const V inverse23 = hn::Mul(inverse, product01);
  out[0].value = logistic_value(l0, out[0].exp_abs, hn::Mul(inverse01, out[1].one_plus));
  out[1].value = logistic_value(l1, out[1].exp_abs, hn::Mul(inverse01, out[0].one_plus));
  out[2].value = logistic_value(l2, out[2].exp_abs, hn::Mul(inverse23, out[3].one_plus));
  out[3].value = logistic_value(l3, out[3].exp_abs, hn::Mul(inverse23, out[2].one_plus));
}

}  // namespace gradspace::gradient::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_MATH_INL_H
