// Butterflies of the Fourier transform, on sixteen lines at a time: element i of the lines lies at [16 i].
// Included once for every instruction set.
#if defined(GRADSPACE_SIMD_FOURIER_BUTTERFLIES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_SIMD_FOURIER_BUTTERFLIES_INL_H
#undef GRADSPACE_SIMD_FOURIER_BUTTERFLIES_INL_H
#else
#define GRADSPACE_SIMD_FOURIER_BUTTERFLIES_INL_H
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "simd/fourier.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::simd::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, kFourierLanes>;
using Lane = hn::Vec<Tag>;

/// Constructors are written out: those of GCC's own making have no instruction set, which vectors of NEON want.
struct Complex {
  HWY_INLINE Complex() {}
  HWY_INLINE Complex(Lane real, Lane imaginary) : re(real), im(imaginary) {}

  Lane re;
  Lane im;
};

HWY_INLINE Complex sum(Complex a, Complex b) {
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}
HWY_INLINE Complex difference(Complex a, Complex b) {
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}
/// a - i b and a + i b.
HWY_INLINE Complex minus_turned(Complex a, Complex b) {
  return {hn::Add(a.re, b.im), hn::Sub(a.im, b.re)};
}
HWY_INLINE Complex plus_turned(Complex a, Complex b) {
  return {hn::Sub(a.re, b.im), hn::Add(a.im, b.re)};
}
HWY_INLINE Complex scaled(Complex a, float factor) {
  const Lane f = hn::Set(Tag(), factor);
  return {hn::Mul(a.re, f), hn::Mul(a.im, f)};
}
/// a + factor b.
HWY_INLINE Complex plus_scaled(Complex a, float factor, Complex b) {
  const Lane f = hn::Set(Tag(), factor);
  return {hn::MulAdd(f, b.re, a.re), hn::MulAdd(f, b.im, a.im)};
}
HWY_INLINE Complex product(Complex a, float re, float im) {
  const Lane w_re = hn::Set(Tag(), re);
  const Lane w_im = hn::Set(Tag(), im);
  return {hn::NegMulAdd(a.im, w_im, hn::Mul(a.re, w_re)),
          hn::MulAdd(a.im, w_re, hn::Mul(a.re, w_im))};
}

/// out = in times a number; zeros where `in_re` is null.
HWY_INLINE void turn_row(const float* in_re, const float* in_im, float re, float im, float* out_re,
                         float* out_im) {
  const Tag d;
  for (std::size_t l = 0; l < kFourierLanes; l += hn::Lanes(d)) {
    Complex value{hn::Zero(d), hn::Zero(d)};
    if (in_re != nullptr) {
      value = product({hn::Load(d, in_re + l), hn::Load(d, in_im + l)}, re, im);
    }
    hn::Store(value.re, d, out_re + l);
    hn::Store(value.im, d, out_im + l);
  }
}

HWY_INLINE void butterfly(Complex (&x)[2]) {
  const Complex first = x[0];
  x[0] = sum(first, x[1]);
  x[1] = difference(first, x[1]);
}

HWY_INLINE void butterfly(Complex (&x)[3]) {
  constexpr float kSine = 0.866025403784438647F;  // of 2 pi / 3
  const Complex both = sum(x[1], x[2]);
  const Complex turned = scaled(difference(x[1], x[2]), kSine);
  const Complex middle = plus_scaled(x[0], -0.5F, both);
  x[0] = sum(x[0], both);
  x[1] = minus_turned(middle, turned);
  x[2] = plus_turned(middle, turned);
}

HWY_INLINE void butterfly(Complex (&x)[4]) {
  const Complex even_sum = sum(x[0], x[2]);
  const Complex even_difference = difference(x[0], x[2]);
  const Complex odd_sum = sum(x[1], x[3]);
  const Complex odd_difference = difference(x[1], x[3]);
  x[0] = sum(even_sum, odd_sum);
  x[1] = minus_turned(even_difference, odd_difference);
  x[2] = difference(even_sum, odd_sum);
  x[3] = plus_turned(even_difference, odd_difference);
}

HWY_INLINE void butterfly(Complex (&x)[5]) {
  constexpr float kCosine1 = 0.309016994374947424F;  // of 2 pi / 5 and 4 pi / 5
  constexpr float kCosine2 = -0.809016994374947424F;
  constexpr float kSine1 = 0.951056516295153572F;
  constexpr float kSine2 = 0.587785252292473129F;
  const Complex sum1 = sum(x[1], x[4]);
  const Complex sum2 = sum(x[2], x[3]);
  const Complex difference1 = difference(x[1], x[4]);
  const Complex difference2 = difference(x[2], x[3]);
  const Complex middle1 = plus_scaled(plus_scaled(x[0], kCosine1, sum1), kCosine2, sum2);
  const Complex middle2 = plus_scaled(plus_scaled(x[0], kCosine2, sum1), kCosine1, sum2);
  const Complex turned1 = plus_scaled(scaled(difference1, kSine1), kSine2, difference2);
  const Complex turned2 = plus_scaled(scaled(difference1, kSine2), -kSine1, difference2);
  x[0] = sum(x[0], sum(sum1, sum2));
  x[1] = minus_turned(middle1, turned1);
  x[2] = minus_turned(middle2, turned2);
  x[3] = plus_turned(middle2, turned2);
  x[4] = plus_turned(middle1, turned1);
}

template <std::size_t kRadix>
void run_stage(const FourierStage& stage, std::size_t length, float* re, float* im) {
  const Tag d;
  const std::size_t step = stage.part * kFourierLanes;
  for (std::size_t group = 0; group < length; group += kRadix * stage.part) {
    const float* w_re = stage.twiddles.re.data();
    const float* w_im = stage.twiddles.im.data();
    for (std::size_t j = 0; j < stage.part; ++j, w_re += kRadix - 1, w_im += kRadix - 1) {
      for (std::size_t l = 0; l < kFourierLanes; l += hn::Lanes(d)) {
        float* place_re = re + (group + j) * kFourierLanes + l;
        float* place_im = im + (group + j) * kFourierLanes + l;
        Complex x[kRadix];
        x[0] = {hn::Load(d, place_re), hn::Load(d, place_im)};
        for (std::size_t q = 1; q < kRadix; ++q) {
          x[q] = {hn::Load(d, place_re + q * step), hn::Load(d, place_im + q * step)};
          if (stage.part > 1) {
            x[q] = product(x[q], w_re[q - 1], w_im[q - 1]);
          }
        }
        butterfly(x);
        for (std::size_t q = 0; q < kRadix; ++q) {
          hn::Store(x[q].re, d, place_re + q * step);
          hn::Store(x[q].im, d, place_im + q * step);
        }
      }
    }
  }
}

/// The sums of the definition, for the primes that have no butterfly.
void run_plain_stage(const FourierStage& stage, std::size_t length, float* re, float* im) {
  const Tag d;
  const std::size_t radix = stage.radix;
  const std::size_t step = stage.part * kFourierLanes;
  for (std::size_t group = 0; group < length; group += radix * stage.part) {
    for (std::size_t j = 0; j < stage.part; ++j) {
      for (std::size_t l = 0; l < kFourierLanes; l += hn::Lanes(d)) {
        float* place_re = re + (group + j) * kFourierLanes + l;
        float* place_im = im + (group + j) * kFourierLanes + l;
        Complex x[FourierPlan::kLargestRadix];
        x[0] = {hn::Load(d, place_re), hn::Load(d, place_im)};
        for (std::size_t q = 1; q < radix; ++q) {
          const std::size_t twiddle = j * (radix - 1) + q - 1;
          x[q] = product({hn::Load(d, place_re + q * step), hn::Load(d, place_im + q * step)},
                         stage.twiddles.re[twiddle], stage.twiddles.im[twiddle]);
        }
        for (std::size_t k = 0; k < radix; ++k) {
          Complex total = x[0];
          for (std::size_t q = 1; q < radix; ++q) {
            const std::size_t root = k * q % radix;
            total = sum(total, product(x[q], stage.roots.re[root], stage.roots.im[root]));
          }
          hn::Store(total.re, d, place_re + k * step);
          hn::Store(total.im, d, place_im + k * step);
        }
      }
    }
  }
}

/// All stages of a transform, in place, of elements that lie in the plan's order.
void run_stages(const FourierPlan& plan, float* re, float* im) {
  for (const FourierStage& stage : plan.stages) {
    switch (stage.radix) {
      case 2:
        run_stage<2>(stage, plan.length, re, im);
        break;
      case 3:
        run_stage<3>(stage, plan.length, re, im);
        break;
      case 4:
        run_stage<4>(stage, plan.length, re, im);
        break;
      case 5:
        run_stage<5>(stage, plan.length, re, im);
        break;
      default:
        run_plain_stage(stage, plan.length, re, im);
    }
  }
}

}  // namespace
}  // namespace gradspace::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_SIMD_FOURIER_BUTTERFLIES_INL_H
