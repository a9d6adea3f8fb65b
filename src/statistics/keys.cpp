#include "statistics/keys.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "statistics/keys.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace math = gradient::wide::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using DI = hn::RebindToSigned<D>;
using DU = hn::RebindToUnsigned<D>;

constexpr float kPi = 3.14159265F;
constexpr float kHalfPi = 1.57079633F;

HWY_INLINE V sigmoid(V x) {
  const V e = math::exp_minus_abs(x);
  const V one = hn::Set(D(), 1.0F);
  return math::logistic(x, e, hn::Div(one, hn::Add(one, e)));
}

HWY_INLINE hn::Vec<DU> key_of(V feature) {
  const DU d;
  const V threshold = hn::Set(D(), kFeatureThreshold);
  const auto below_first = hn::Sub(hn::BitCast(d, threshold), hn::Set(d, 1));
  const auto key = hn::Sub(hn::BitCast(d, feature), below_first);
  return hn::IfThenElseZero(hn::RebindMask(d, hn::Ge(feature, threshold)), key);
}

/// A positive number as 2^exponent * mantissa, the mantissa within [1, 2). Subnormal numbers and 0
/// have exponent -127, which keeps their order.
struct Parts {
  V exponent;
  V mantissa;
};

HWY_INLINE Parts split(V x) {
  const DI d;
  const auto bits = hn::BitCast(d, x);
  const auto exponent = hn::Sub(hn::ShiftRight<23>(bits), hn::Set(d, 127));
  const auto mantissa = hn::Or(hn::And(bits, hn::Set(d, 0x007FFFFF)), hn::Set(d, 0x3F800000));
  return {hn::ConvertTo(D(), exponent), hn::BitCast(D(), mantissa)};
}

/// log(a / b) of numbers that are not negative, through log(m / n) = 2 artanh((m - n) / (m + n)): one
/// division for quotient and logarithm together. The polynomial is the one of least greatest relative
/// error, 5e-9, on [0, 1/9].
HWY_INLINE V log_of_quotient(V a, V b) {
  const D d;
  const Parts above = split(a);
  const Parts below = split(b);
  const V s =
      hn::Div(hn::Sub(above.mantissa, below.mantissa), hn::Add(above.mantissa, below.mantissa));
  const V u = hn::Mul(s, s);
  V p = hn::Set(d, 0.140059931F);
  p = hn::MulAdd(p, u, hn::Set(d, 0.140009027F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.200107636F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.333332081F));
  const V twice = hn::Add(s, s);
  const V log_mantissa = hn::MulAdd(hn::Mul(twice, u), p, twice);
  // The first part of ln 2 has few bits, so that its product with the exponents is exact.
  const V exponent = hn::Sub(above.exponent, below.exponent);
  const V low = hn::MulAdd(exponent, hn::Set(d, -2.12194440e-4F), log_mantissa);
  return hn::MulAdd(exponent, hn::Set(d, 0.693359375F), low);
}

/// atan2(pi, x): the angle of x + i pi. The polynomial for atan on [0, 1] has a relative error of
/// 2e-8.
HWY_INLINE V angle_above(V x) {
  const D d;
  const V pi = hn::Set(d, kPi);
  const V size = hn::Abs(x);
  const V q = hn::Div(hn::Min(size, pi), hn::Max(size, pi));
  const V u = hn::Mul(q, q);
  V p = hn::Set(d, 0.00292068692F);
  p = hn::MulAdd(p, u, hn::Set(d, -0.0163679100F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.0432118301F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.0755221152F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.106660032F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.142110549F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.199937728F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.333331527F));
  const V atan = hn::MulAdd(hn::Mul(q, u), p, q);
  const V acute = hn::IfThenElse(hn::Gt(size, pi), atan, hn::Sub(hn::Set(d, kHalfPi), atan));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Sub(pi, acute), acute);
}

struct Polar {
  V modulus;
  V argument;
};

/// Of l = log(y / (1 - y)). Where the quotient is negative l has the imaginary part pi; elsewhere it
/// is real, and its argument is pi where the quotient is under 1, that is y under 1/2.
HWY_INLINE Polar polar_logit(V y) {
  const D d;
  const V zero = hn::Zero(d);
  const V one = hn::Set(d, 1.0F);
  const V pi = hn::Set(d, kPi);
  const V real = log_of_quotient(hn::Abs(y), hn::Abs(hn::Sub(one, y)));
  const auto negative = hn::Or(hn::Lt(y, zero), hn::Gt(y, one));
  const V modulus = hn::Sqrt(hn::MulAdd(real, real, hn::Mul(pi, pi)));
  const V straight = hn::IfThenElseZero(hn::Lt(y, hn::Set(d, 0.5F)), pi);
  return {hn::IfThenElse(negative, modulus, hn::Abs(real)),
          hn::IfThenElse(negative, angle_above(real), straight)};
}

void activation_keys_kernel(std::size_t rows, std::size_t columns, const float* sums,
                            const float* bias, std::uint32_t* keys) {
  const D d;
  for (std::size_t i = 0; i < rows; ++i, sums += columns, keys += columns) {
    for (std::size_t j = 0; j < columns; j += hn::Lanes(d)) {
      const V h = sigmoid(hn::Add(hn::LoadU(d, sums + j), hn::LoadU(d, bias + j)));
      hn::StoreU(key_of(h), DU(), keys + j);
    }
  }
}

void activate_kernel(std::size_t rows, std::size_t columns, const float* bias, float* sums) {
  const D d;
  for (std::size_t i = 0; i < rows; ++i, sums += columns) {
    for (std::size_t j = 0; j < columns; j += hn::Lanes(d)) {
      const V x = hn::Add(hn::LoadU(d, sums + j), hn::LoadU(d, bias + j));
      hn::StoreU(sigmoid(x), d, sums + j);
    }
  }
}

void reconstruction_error_kernel(std::size_t rows, std::size_t columns, const float* bias,
                                 const float* x, float* e) {
  const D d;
  for (std::size_t i = 0; i < rows; ++i, x += columns, e += columns) {
    for (std::size_t j = 0; j < columns; j += hn::Lanes(d)) {
      const V reconstruction = hn::Add(hn::LoadU(d, e + j), hn::LoadU(d, bias + j));
      hn::StoreU(hn::Sub(reconstruction, hn::LoadU(d, x + j)), d, e + j);
    }
  }
}

void gradient_keys_kernel(std::size_t rows, std::size_t columns, const float* y,
                          const float* weights, std::uint32_t* keys) {
  const D d;
  for (std::size_t i = 0; i < rows; ++i, y += columns, keys += 2 * columns) {
    for (std::size_t j = 0; j < columns; j += hn::Lanes(d)) {
      const Polar polar = polar_logit(hn::LoadU(d, y + j));
      const V weight = hn::LoadU(d, weights + j);
      hn::StoreU(key_of(hn::Mul(weight, polar.modulus)), DU(), keys + j);
      hn::StoreU(key_of(hn::Mul(weight, polar.argument)), DU(), keys + columns + j);
    }
  }
}

void complex_logit_kernel(std::size_t count, const float* y, float* modulus, float* argument) {
  const D d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const Polar polar = polar_logit(hn::LoadU(d, y + i));
    hn::StoreU(polar.modulus, d, modulus + i);
    hn::StoreU(polar.argument, d, argument + i);
  }
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {

GRADSPACE_EXPORT(activation_keys_kernel);
GRADSPACE_EXPORT(activate_kernel);
GRADSPACE_EXPORT(reconstruction_error_kernel);
GRADSPACE_EXPORT(gradient_keys_kernel);
GRADSPACE_EXPORT(complex_logit_kernel);

void activation_keys(std::size_t rows, std::size_t columns, const float* sums, const float* bias,
                     std::uint32_t* keys) {
  GRADSPACE_DISPATCH(activation_keys_kernel)(rows, columns, sums, bias, keys);
}

void activate(std::size_t rows, std::size_t columns, const float* bias, float* sums) {
  GRADSPACE_DISPATCH(activate_kernel)(rows, columns, bias, sums);
}

void reconstruction_error(std::size_t rows, std::size_t columns, const float* bias, const float* x,
                          float* e) {
  GRADSPACE_DISPATCH(reconstruction_error_kernel)(rows, columns, bias, x, e);
}

void gradient_keys(std::size_t rows, std::size_t columns, const float* y, const float* weights,
                   std::uint32_t* keys) {
  GRADSPACE_DISPATCH(gradient_keys_kernel)(rows, columns, y, weights, keys);
}

void complex_logit(std::size_t count, const float* y, float* modulus, float* argument) {
  GRADSPACE_DISPATCH(complex_logit_kernel)(count, y, modulus, argument);
}

}  // namespace gradspace::quality

#endif  // HWY_ONCE
