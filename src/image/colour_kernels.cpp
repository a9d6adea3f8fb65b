#include "image/colour_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/colour_kernels.cpp"
#include <hwy/foreach_target.h>  // must precede highway.h
#include <hwy/highway.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// All sums are whole numbers under 2^24, so that float32 holds them exactly.
template <typename D>
HWY_INLINE std::size_t luma_from(D d, std::size_t x, const std::uint8_t* HWY_RESTRICT in,
                                 std::size_t pixels, bool is_bgr, std::uint8_t* HWY_RESTRICT out) {
  const hn::Rebind<std::uint8_t, D> d8;
  const hn::Rebind<std::int32_t, D> d32;
  const auto number = [&](auto samples)
                          HWY_ATTR { return hn::ConvertTo(d, hn::PromoteTo(d32, samples)); };
  for (; x + hn::Lanes(d) <= pixels; x += hn::Lanes(d)) {
    hn::Vec<decltype(d8)> first;
    hn::Vec<decltype(d8)> green;
    hn::Vec<decltype(d8)> last;
    hn::LoadInterleaved3(d8, in + 3 * x, first, green, last);
    auto sum = hn::MulAdd(number(green), hn::Set(d, 38470.0F), hn::Set(d, 32768.0F));
    sum = hn::MulAdd(number(is_bgr ? last : first), hn::Set(d, 19595.0F), sum);
    sum = hn::MulAdd(number(is_bgr ? first : last), hn::Set(d, 7471.0F), sum);
    const auto rounded = hn::ConvertTo(d32, hn::Mul(sum, hn::Set(d, 1.0F / 65536)));
    hn::StoreU(hn::DemoteTo(d8, rounded), d8, out + x);
  }
  return x;
}

void luma(const std::uint8_t* in, std::size_t pixels, bool is_bgr, std::uint8_t* out) {
  const std::size_t x = luma_from(hn::ScalableTag<float>(), 0, in, pixels, is_bgr, out);
  luma_from(hn::CappedTag<float, 1>(), x, in, pixels, is_bgr, out);
}

void swap_red_blue(const std::uint8_t* in, std::size_t pixels, std::uint8_t* out) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t x = 0;
  for (; x + lanes <= pixels; x += lanes) {
    hn::Vec<decltype(d)> first;
    hn::Vec<decltype(d)> green;
    hn::Vec<decltype(d)> last;
    hn::LoadInterleaved3(d, in + 3 * x, first, green, last);
    hn::StoreInterleaved3(last, green, first, d, out + 3 * x);
  }
  for (; x < pixels; ++x) {
    const std::uint8_t first = in[3 * x];
    out[3 * x] = in[3 * x + 2];
    out[3 * x + 1] = in[3 * x + 1];
    out[3 * x + 2] = first;
  }
}

}  // namespace gradspace::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gradspace::kernels {

GRADSPACE_EXPORT(luma);
GRADSPACE_EXPORT(swap_red_blue);

void luma(const std::uint8_t* in, std::size_t pixels, bool is_bgr, std::uint8_t* out) {
  GRADSPACE_DISPATCH(luma)(in, pixels, is_bgr, out);
}

void swap_red_blue(const std::uint8_t* in, std::size_t pixels, std::uint8_t* out) {
  GRADSPACE_DISPATCH(swap_red_blue)(in, pixels, out);
}

}  // namespace gradspace::kernels
#endif  // HWY_ONCE
