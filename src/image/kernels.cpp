#include "image/kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/kernels.cpp"
#include <hwy/foreach_target.h>  // must precede highway.h
#include <hwy/highway.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

std::uint8_t round_and_clamp(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

#if HWY_TARGET == HWY_SCALAR  // one lane: no vector to hold a pixel
void resample_rgb(const std::uint8_t* in, const Window* windows, const std::int32_t* all_weights,
                  std::size_t out_width, std::uint8_t* out) {
  for (std::size_t x = 0; x < out_width; ++x) {
    const Window& window = windows[x];
    for (std::size_t c = 0; c < 3; ++c) {
      std::int32_t sum = kHalf;
      for (std::size_t i = 0; i < window.count; ++i) {
        sum += in[3 * (window.first + i) + c] * all_weights[window.weights + i];
      }
      out[3 * x + c] = round_and_clamp(sum);
    }
  }
}
#else
/// One pixel a vector: its three samples and, ignored, the byte behind them.
void resample_rgb(const std::uint8_t* HWY_RESTRICT in, const Window* HWY_RESTRICT windows,
                  const std::int32_t* HWY_RESTRICT all_weights, std::size_t out_width,
                  std::uint8_t* HWY_RESTRICT out) {
  const hn::FixedTag<std::int32_t, 4> d32;
  const hn::FixedTag<std::uint8_t, 4> d8;
  for (std::size_t x = 0; x < out_width; ++x) {
    const Window& window = windows[x];
    const std::int32_t* HWY_RESTRICT weights = all_weights + window.weights;
    const std::uint8_t* HWY_RESTRICT pixel = in + std::size_t{3} * window.first;
    auto sum = hn::Set(d32, kHalf);
    for (std::size_t i = 0; i < window.count; ++i) {
      const auto samples = hn::PromoteTo(d32, hn::LoadU(d8, pixel + 3 * i));
      sum = hn::Add(sum, hn::Mul(samples, hn::Set(d32, weights[i])));
    }
    hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<kWeightBits>(sum)), d8, out + 3 * x);
  }
}
#endif

void resample_grey(const std::uint8_t* HWY_RESTRICT in, const Window* HWY_RESTRICT windows,
                   const std::int32_t* HWY_RESTRICT all_weights, std::size_t out_width,
                   std::uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<std::int32_t> d32;
  const hn::Rebind<std::uint8_t, decltype(d32)> d8;
  const std::size_t lanes = hn::Lanes(d32);
  for (std::size_t x = 0; x < out_width; ++x) {
    const Window& window = windows[x];
    const std::int32_t* HWY_RESTRICT weights = all_weights + window.weights;
    const std::uint8_t* HWY_RESTRICT samples = in + window.first;
    std::int32_t sum = kHalf;
    std::size_t i = 0;
    if (window.count >= lanes) {
      auto sums = hn::Zero(d32);
      for (; i + lanes <= window.count; i += lanes) {
        const auto values = hn::PromoteTo(d32, hn::LoadU(d8, samples + i));
        sums = hn::Add(sums, hn::Mul(values, hn::LoadU(d32, weights + i)));
      }
      sum += hn::GetLane(hn::SumOfLanes(d32, sums));
    }
    for (; i < window.count; ++i) {
      sum += samples[i] * weights[i];
    }
    out[x] = round_and_clamp(sum);
  }
}

void resample_row(const std::uint8_t* in, const Window* windows, const std::int32_t* weights,
                  std::size_t out_width, int channels, std::uint8_t* out) {
  if (channels == 3) {
    resample_rgb(in, windows, weights, out_width, out);
  } else {
    resample_grey(in, windows, weights, out_width, out);
  }
}

void blend_rows(const std::uint8_t* HWY_RESTRICT rows, std::size_t stride,
                const std::int32_t* HWY_RESTRICT weights, std::size_t count, std::size_t row_size,
                std::uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<std::int32_t> d32;
  const hn::Rebind<std::uint8_t, decltype(d32)> d8;
  const std::size_t lanes = hn::Lanes(d32);
  if (row_size < lanes) {
    for (std::size_t x = 0; x < row_size; ++x) {
      std::int32_t sum = kHalf;
      for (std::size_t i = 0; i < count; ++i) {
        sum += rows[i * stride + x] * weights[i];
      }
      out[x] = round_and_clamp(sum);
    }
    return;
  }
  for (std::size_t begin = 0; begin < row_size; begin += lanes) {
    const std::size_t x = std::min(begin, row_size - lanes);  // the last vector overlaps
    auto sum = hn::Set(d32, kHalf);
    for (std::size_t i = 0; i < count; ++i) {
      const auto samples = hn::PromoteTo(d32, hn::LoadU(d8, rows + i * stride + x));
      sum = hn::Add(sum, hn::Mul(samples, hn::Set(d32, weights[i])));
    }
    hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<kWeightBits>(sum)), d8, out + x);
  }
}

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

GRADSPACE_EXPORT(resample_row);
GRADSPACE_EXPORT(blend_rows);
GRADSPACE_EXPORT(luma);
GRADSPACE_EXPORT(swap_red_blue);

void resample_row(const std::uint8_t* in, const Window* windows, const std::int32_t* weights,
                  std::size_t out_width, int channels, std::uint8_t* out) {
  GRADSPACE_DISPATCH(resample_row)(in, windows, weights, out_width, channels, out);
}

void blend_rows(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights,
                std::size_t count, std::size_t row_size, std::uint8_t* out) {
  GRADSPACE_DISPATCH(blend_rows)(rows, stride, weights, count, row_size, out);
}

void luma(const std::uint8_t* in, std::size_t pixels, bool is_bgr, std::uint8_t* out) {
  GRADSPACE_DISPATCH(luma)(in, pixels, is_bgr, out);
}

void swap_red_blue(const std::uint8_t* in, std::size_t pixels, std::uint8_t* out) {
  GRADSPACE_DISPATCH(swap_red_blue)(in, pixels, out);
}

}  // namespace gradspace::kernels
#endif  // HWY_ONCE
