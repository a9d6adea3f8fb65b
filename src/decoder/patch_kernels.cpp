#include "decoder/patch_kernels.h"

#include "decoder/preparation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "decoder/patch_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// n / 255000 for n from 0 to 2^26: eighths first, which float32 holds exactly. The quotient may be one off, and is
/// mended by what remains, which is exact.
template <typename D32, typename V32>
HWY_INLINE V32 over_255000(D32 d32, V32 n) {
  const hn::Rebind<float, D32> d;
  const auto divisor = hn::Set(d, 31875.0F);
  const auto eighths = hn::ConvertTo(d, hn::ShiftRight<3>(n));
  const auto quotient = hn::Floor(hn::Mul(eighths, hn::Set(d, 1 / 31875.0F)));
  const auto rest = hn::NegMulAdd(quotient, divisor, eighths);
  const auto less = hn::IfThenElseZero(hn::Lt(rest, hn::Zero(d)), hn::Set(d, 1.0F));
  const auto more = hn::IfThenElseZero(hn::Ge(rest, divisor), hn::Set(d, 1.0F));
  return hn::ConvertTo(d32, hn::Add(hn::Sub(quotient, less), more));
}

template <typename D32>
HWY_INLINE std::size_t ygcr_from(D32 d32, std::size_t i, const std::uint8_t* HWY_RESTRICT in,
                                 std::size_t pixels, std::uint8_t* HWY_RESTRICT out) {
  // Thousandths of the usual coefficients, over 255: integers round as the real numbers do.
  constexpr std::int32_t kScale = 255000;
  const hn::Rebind<std::uint8_t, D32> d8;
  const auto times = [d32](auto value, std::int32_t factor)
                         HWY_ATTR { return hn::Mul(value, hn::Set(d32, factor)); };
  for (; i + hn::Lanes(d32) <= pixels; i += hn::Lanes(d32)) {
    hn::Vec<decltype(d8)> red;
    hn::Vec<decltype(d8)> green;
    hn::Vec<decltype(d8)> blue;
    hn::LoadInterleaved3(d8, in + 3 * i, red, green, blue);
    const auto r = hn::PromoteTo(d32, red);
    const auto g = hn::PromoteTo(d32, green);
    const auto b = hn::PromoteTo(d32, blue);
    const auto luma = hn::Add(hn::Add(times(r, 65481), times(g, 128553)),
                              hn::Add(times(b, 24966), hn::Set(d32, 16 * kScale + kScale / 2)));
    const auto difference =
        hn::Add(hn::Sub(times(r, 112000), times(g, 93786)),
                hn::Sub(hn::Set(d32, 128 * kScale + kScale / 2), times(b, 18214)));
    hn::StoreInterleaved3(hn::DemoteTo(d8, over_255000(d32, luma)), green,
                          hn::DemoteTo(d8, over_255000(d32, difference)), d8, out + 3 * i);
  }
  return i;
}

void ygcr_kernel(const std::uint8_t* in, std::size_t pixels, std::uint8_t* out) {
  const std::size_t i = ygcr_from(hn::ScalableTag<std::int32_t>(), 0, in, pixels, out);
  ygcr_from(hn::CappedTag<std::int32_t, 1>(), i, in, pixels, out);
}

using D = hn::CappedTag<double, 8>;

void add_kernel(std::size_t count, const float* patches, double* sums) {
  const D d;
  const hn::Rebind<float, D> from;
  for (std::size_t i = 0; i < kPatchSize; i += hn::Lanes(d)) {
    auto sum = hn::LoadU(d, sums + i);
    for (std::size_t p = 0; p < count; ++p) {
      sum = hn::Add(sum, hn::PromoteTo(d, hn::LoadU(from, patches + p * kPatchSize + i)));
    }
    hn::StoreU(sum, d, sums + i);
  }
}

void subtract_kernel(std::size_t count, const double* values, float* patches) {
  const D d;
  const hn::Rebind<float, D> narrow;
  for (std::size_t p = 0; p < count; ++p, patches += kPatchSize) {
    for (std::size_t i = 0; i < kPatchSize; i += hn::Lanes(d)) {
      const auto value = hn::PromoteTo(d, hn::LoadU(narrow, patches + i));
      hn::StoreU(hn::DemoteTo(narrow, hn::Sub(value, hn::LoadU(d, values + i))), narrow,
                 patches + i);
    }
  }
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {
namespace {

GRADSPACE_EXPORT(ygcr_kernel);
GRADSPACE_EXPORT(add_kernel);
GRADSPACE_EXPORT(subtract_kernel);

}  // namespace

void ygcr_of_rgb(const std::uint8_t* in, std::size_t pixels, std::uint8_t* out) {
  GRADSPACE_DISPATCH(ygcr_kernel)(in, pixels, out);
}

void add_patches(std::size_t count, const float* patches, double* sums) {
  GRADSPACE_DISPATCH(add_kernel)(count, patches, sums);
}

void subtract_from_patches(std::size_t count, const double* values, float* patches) {
  GRADSPACE_DISPATCH(subtract_kernel)(count, values, patches);
}

}  // namespace gradspace::quality

#endif  // HWY_ONCE
