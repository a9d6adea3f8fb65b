#include "image/resize_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/resize_kernels.cpp"
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
constexpr std::size_t kMostLanes = hn::MaxLanes(hn::ScalableTag<std::int32_t>());

/// Which of the pixels that three vectors hold as they lie in a row each lane belongs to.
HWY_ALIGN constexpr std::array<std::int32_t, 3 * kMostLanes> kPixelsOfLanes = [] {
  std::array<std::int32_t, 3 * kMostLanes> pixels{};
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::int32_t>(i / 3);
  }
  return pixels;
}();

/// Adds weighted pixels to the sums of R, G and B, at least as many as a vector has lanes: so many at a time, in three
/// vectors as they lie in the row. Red, green and blue follow one another in each, and are told apart at the end.
HWY_INLINE void add_many_pixels(const std::uint8_t* HWY_RESTRICT pixels,
                                const std::int32_t* HWY_RESTRICT weights, std::size_t count,
                                std::int32_t* HWY_RESTRICT sums) {
  const hn::ScalableTag<std::int32_t> d32;
  const hn::Rebind<std::uint8_t, decltype(d32)> d8;
  const std::size_t lanes = hn::Lanes(d32);
  const auto first_pixels = hn::SetTableIndices(d32, kPixelsOfLanes.data());
  const auto second_pixels = hn::SetTableIndices(d32, kPixelsOfLanes.data() + lanes);
  const auto third_pixels = hn::SetTableIndices(d32, kPixelsOfLanes.data() + 2 * lanes);
  auto first = hn::Zero(d32);
  auto second = hn::Zero(d32);
  auto third = hn::Zero(d32);
  const auto add = [&](std::size_t at, hn::Vec<decltype(d32)> w) HWY_ATTR {
    const std::uint8_t* HWY_RESTRICT rgb = pixels + 3 * at;
    const auto samples = [&](std::size_t lane)
                             HWY_ATTR { return hn::PromoteTo(d32, hn::LoadU(d8, rgb + lane)); };
    first = hn::Add(first, hn::Mul(samples(0), hn::TableLookupLanes(w, first_pixels)));
    second = hn::Add(second, hn::Mul(samples(lanes), hn::TableLookupLanes(w, second_pixels)));
    third = hn::Add(third, hn::Mul(samples(2 * lanes), hn::TableLookupLanes(w, third_pixels)));
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    add(i, hn::LoadU(d32, weights + i));
  }
  if (i < count) {  // the last vectors overlap, with no weight where they do
    const std::size_t last = count - lanes;
    add(last, hn::IfThenZeroElse(hn::FirstN(d32, i - last), hn::LoadU(d32, weights + last)));
  }
  HWY_ALIGN std::array<std::int32_t, 3 * kMostLanes> all;
  hn::Store(first, d32, all.data());
  hn::Store(second, d32, all.data() + lanes);
  hn::Store(third, d32, all.data() + 2 * lanes);
  // Twelve lanes are four pixels, so that every twelve begin with red.
  const hn::FixedTag<std::int32_t, 4> d4;
  auto a = hn::Load(d4, all.data());
  auto b = hn::Load(d4, all.data() + 4);
  auto c = hn::Load(d4, all.data() + 8);
  for (i = 12; i < 3 * lanes; i += 12) {
    a = hn::Add(a, hn::Load(d4, all.data() + i));
    b = hn::Add(b, hn::Load(d4, all.data() + i + 4));
    c = hn::Add(c, hn::Load(d4, all.data() + i + 8));
  }
  hn::Store(a, d4, all.data());
  hn::Store(b, d4, all.data() + 4);
  hn::Store(c, d4, all.data() + 8);
  for (i = 0; i < 3; ++i) {
    sums[i] += all[i] + all[i + 3] + all[i + 6] + all[i + 9];
  }
}

/// One pixel a vector: its three samples and, ignored, the byte behind them.
HWY_INLINE void resample_pixel(const std::uint8_t* HWY_RESTRICT in, const Window& window,
                               const std::int32_t* HWY_RESTRICT all_weights,
                               std::uint8_t* HWY_RESTRICT out) {
  const hn::FixedTag<std::int32_t, 4> d32;
  const hn::FixedTag<std::uint8_t, 4> d8;
  const std::int32_t* HWY_RESTRICT weights = all_weights + window.weights;
  const std::uint8_t* HWY_RESTRICT pixel = in + std::size_t{3} * window.first;
  auto sum = hn::Set(d32, kHalf);
  for (std::size_t i = 0; i < window.count; ++i) {
    const auto samples = hn::PromoteTo(d32, hn::LoadU(d8, pixel + 3 * i));
    sum = hn::Add(sum, hn::Mul(samples, hn::Set(d32, weights[i])));
  }
  hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<kWeightBits>(sum)), d8, out);
}

void resample_rgb(const std::uint8_t* HWY_RESTRICT in, const Window* HWY_RESTRICT windows,
                  const std::int32_t* HWY_RESTRICT all_weights, std::size_t out_width,
                  std::uint8_t* HWY_RESTRICT out) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<std::int32_t>());
  const bool wide = windows[out_width / 2].count >= lanes;  // those at the edges are half as wide
  if (!wide) {
    for (std::size_t x = 0; x < out_width; ++x) {
      resample_pixel(in, windows[x], all_weights, out + 3 * x);
    }
    return;
  }
  for (std::size_t x = 0; x < out_width; ++x) {
    const Window& window = windows[x];
    if (window.count < lanes) {
      resample_pixel(in, window, all_weights, out + 3 * x);
      continue;
    }
    std::array<std::int32_t, 3> sums = {kHalf, kHalf, kHalf};
    add_many_pixels(in + std::size_t{3} * window.first, all_weights + window.weights, window.count,
                    sums.data());
    for (std::size_t c = 0; c < 3; ++c) {
      out[3 * x + c] = round_and_clamp(sums[c]);
    }
  }
}
#endif

#if HWY_TARGET == HWY_SCALAR
void resample_narrow_row(const std::uint8_t* in, const NarrowWindows& windows,
                         std::size_t out_width, std::uint8_t* out) {
  const std::uint32_t* offsets = windows.offsets.data();
  const std::int32_t* weights = windows.weights.data();
  for (std::size_t x = 0; x < out_width; ++x) {
    for (std::size_t c = 0; c < 3; ++c) {
      std::int32_t sum = kHalf;
      for (std::size_t tap = 0; tap < windows.taps; ++tap) {
        const std::size_t place = 4 * (x / 4 * windows.taps + tap) + x % 4;
        sum += in[offsets[place] + c] * weights[4 * place];
      }
      out[3 * x + c] = round_and_clamp(sum);
    }
  }
}
#else
#if HWY_HAVE_SCALABLE  // whose vectors have a size at run time alone
using PixelLanes = hn::FixedTag<std::int32_t, 4>;
#else
using PixelLanes = hn::CappedTag<std::int32_t, 16>;
#endif
constexpr std::size_t kPixelsAVector = hn::MaxLanes(PixelLanes()) / 4;

std::uint64_t pixel_at(const std::uint8_t* in) {
  std::uint32_t pixel = 0;
  std::memcpy(&pixel, in, sizeof pixel);
  return pixel;
}

/// Pixels, and the byte behind each of them, side by side.
template <class D32>
HWY_INLINE hn::Vec<D32> load_pixels(D32 d32, const std::uint8_t* HWY_RESTRICT in,
                                    const std::uint32_t* HWY_RESTRICT offsets) {
  if constexpr (hn::MaxLanes(D32()) == 16) {
    const hn::FixedTag<std::uint64_t, 2> d64;
    const auto first = hn::Set(d64, pixel_at(in + offsets[0]) | pixel_at(in + offsets[1]) << 32);
    const auto second = hn::Set(d64, pixel_at(in + offsets[2]) | pixel_at(in + offsets[3]) << 32);
    return hn::PromoteTo(d32, hn::BitCast(hn::FixedTag<std::uint8_t, 16>(),
                                          hn::InterleaveLower(d64, first, second)));
  } else if constexpr (hn::MaxLanes(D32()) == 8) {
    const hn::FixedTag<std::uint64_t, 1> d64;
    const auto both = hn::Set(d64, pixel_at(in + offsets[0]) | pixel_at(in + offsets[1]) << 32);
    return hn::PromoteTo(d32, hn::BitCast(hn::FixedTag<std::uint8_t, 8>(), both));
  } else {
    return hn::PromoteTo(d32, hn::LoadU(hn::FixedTag<std::uint8_t, 4>(), in + offsets[0]));
  }
}

/// Of windows of any reach, one vector of pixels at a time.
void resample_scattered_row(const std::uint8_t* HWY_RESTRICT in, const NarrowWindows& windows,
                            std::size_t out_width, std::uint8_t* HWY_RESTRICT out) {
  const PixelLanes d32;
  const hn::Rebind<std::uint8_t, PixelLanes> d8;
  const std::size_t taps = windows.taps;
  const std::uint32_t* HWY_RESTRICT offsets = windows.offsets.data();
  const std::int32_t* HWY_RESTRICT weights = windows.weights.data();
  HWY_ALIGN std::array<std::uint8_t, 4 * kPixelsAVector> made;
  for (std::size_t x = 0; x < out_width; x += kPixelsAVector) {
    std::size_t place = 4 * (x / 4 * taps) + x % 4;
    auto sum = hn::Set(d32, kHalf);
    for (std::size_t tap = 0; tap < taps; ++tap) {
      const auto pixels = load_pixels(d32, in, offsets + place);
      sum = hn::Add(sum, hn::Mul(pixels, hn::LoadU(d32, weights + 4 * place)));
      place += 4;
    }
    hn::Store(hn::DemoteTo(d8, hn::ShiftRight<kWeightBits>(sum)), d8, made.data());
    const std::size_t count = std::min(kPixelsAVector, out_width - x);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(out + 3 * (x + i), made.data() + 4 * i,
                  4);  // the next pixel comes over the last byte
    }
  }
}

#if HWY_MAX_BYTES >= 32 && !HWY_HAVE_SCALABLE
using FourBytes = hn::FixedTag<std::uint8_t, 16>;

/// Four pixels' sums, side by side in one vector or in two.
template <class D32>
struct FourPixels {
  static constexpr std::size_t kParts = 16 / hn::MaxLanes(D32());
  static_assert(kParts == 1 || kParts == 2);

  HWY_INLINE void add(hn::Vec<FourBytes> samples, const std::int32_t* HWY_RESTRICT weights) {
    const D32 d32;
    if constexpr (kParts == 1) {
      first = hn::Add(first, hn::Mul(hn::PromoteTo(d32, samples), hn::LoadU(d32, weights)));
    } else {
      const hn::Half<FourBytes> half;
      const auto lower = hn::PromoteTo(d32, hn::LowerHalf(half, samples));
      const auto upper = hn::PromoteTo(d32, hn::UpperHalf(half, samples));
      first = hn::Add(first, hn::Mul(lower, hn::LoadU(d32, weights)));
      second = hn::Add(second, hn::Mul(upper, hn::LoadU(d32, weights + 8)));
    }
  }

  /// Twelve bytes as they lie in a row, and four of zero.
  HWY_INLINE hn::Vec<FourBytes> row() const {
    HWY_ALIGN static constexpr std::array<std::uint8_t, 16> kSamples = {
        0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0x80, 0x80, 0x80, 0x80};
    const auto samples = hn::Load(FourBytes(), kSamples.data());
    const hn::Rebind<std::uint8_t, D32> narrow;
    const auto lower = hn::DemoteTo(narrow, hn::ShiftRight<kWeightBits>(first));
    if constexpr (kParts == 1) {
      return hn::TableLookupBytesOr0(lower, samples);
    } else {
      const auto upper = hn::DemoteTo(narrow, hn::ShiftRight<kWeightBits>(second));
      return hn::TableLookupBytesOr0(hn::Combine(FourBytes(), upper, lower), samples);
    }
  }

  hn::Vec<D32> first;
  hn::Vec<D32> second;  ///< unused where one is enough
};

/// Of windows whose pixels lie close together: the four of a tap come out of one vector of bytes.
void resample_close_row(const std::uint8_t* HWY_RESTRICT in, const NarrowWindows& windows,
                        std::size_t out_width, std::uint8_t* HWY_RESTRICT out) {
  static_assert(NarrowWindows::kReach == 16);
  const FourBytes bytes;
  const std::uint32_t* HWY_RESTRICT begins = windows.begins.data();
  const std::uint8_t* HWY_RESTRICT picks = windows.picks.data();
  const std::int32_t* HWY_RESTRICT weights = windows.weights.data();
  for (std::size_t x = 0; x < out_width; x += 4) {
    const auto half = hn::Set(PixelLanes(), kHalf);
    FourPixels<PixelLanes> pixels{half, half};
    for (std::size_t tap = 0; tap < windows.taps; ++tap) {
      pixels.add(hn::TableLookupBytes(hn::LoadU(bytes, in + *begins), hn::LoadU(bytes, picks)),
                 weights);
      begins += 1;
      picks += 16;
      weights += 16;
    }
    const std::size_t count = std::min<std::size_t>(4, out_width - x);
    if (x + 4 < out_width) {  // the next pixels come over the last four bytes
      hn::StoreU(pixels.row(), bytes, out + 3 * x);
    } else {
      HWY_ALIGN std::array<std::uint8_t, 16> last;
      hn::Store(pixels.row(), bytes, last.data());
      std::memcpy(out + 3 * x, last.data(), 3 * count);
    }
  }
}
#endif

void resample_narrow_row(const std::uint8_t* HWY_RESTRICT in, const NarrowWindows& windows,
                         std::size_t out_width, std::uint8_t* HWY_RESTRICT out) {
#if HWY_MAX_BYTES >= 32 && !HWY_HAVE_SCALABLE
  if (!windows.begins.empty()) {
    resample_close_row(in, windows, out_width, out);
    return;
  }
#endif
  resample_scattered_row(in, windows, out_width, out);
}
#endif

#if HWY_TARGET == HWY_SCALAR
void resample_narrow_grey_row(const std::uint8_t* in, const NarrowWindows& windows,
                              std::size_t out_width, std::uint8_t* out) {
  for (std::size_t x = 0; x < out_width; ++x) {
    std::int32_t sum = kHalf;
    for (std::size_t tap = 0; tap < windows.taps; ++tap) {
      const std::size_t place = 8 * (x / 8 * windows.taps + tap) + x % 8;
      sum += in[windows.offsets[place]] * windows.weights[place];
    }
    out[x] = round_and_clamp(sum);
  }
}
#else
/// The first of the sixteen samples that were picked, from `lane` on.
template <class D32>
HWY_INLINE hn::Vec<D32> promote_from(D32 d32, hn::Vec<hn::FixedTag<std::uint8_t, 16>> samples,
                                     std::size_t lane) {
  const hn::FixedTag<std::uint8_t, 16> bytes;
  if constexpr (hn::MaxLanes(D32()) == 8) {
    return hn::PromoteTo(d32, hn::LowerHalf(hn::Half<decltype(bytes)>(), samples));
  } else {
    HWY_ALIGN std::array<std::uint8_t, 16> all;
    hn::Store(samples, bytes, all.data());
    return hn::PromoteTo(d32, hn::LoadU(hn::Rebind<std::uint8_t, D32>(), all.data() + lane));
  }
}

/// Eight pixels a vector, or two vectors of four.
void resample_narrow_grey_row(const std::uint8_t* HWY_RESTRICT in, const NarrowWindows& windows,
                              std::size_t out_width, std::uint8_t* HWY_RESTRICT out) {
#if HWY_HAVE_SCALABLE
  const hn::FixedTag<std::int32_t, 4> d32;
#else
  const hn::CappedTag<std::int32_t, 8> d32;
#endif
  const hn::FixedTag<std::uint8_t, 16> bytes;
  const hn::Rebind<std::uint8_t, decltype(d32)> d8;
  const std::size_t lanes = hn::Lanes(d32);
  const std::size_t steps = windows.taps;
  for (std::size_t group = 0; 8 * group < out_width; ++group) {
    std::array<std::uint8_t, 8> made;
    for (std::size_t lane = 0; lane < 8; lane += lanes) {
      auto sum = hn::Set(d32, kHalf);
      for (std::size_t step = group * steps; step < (group + 1) * steps; ++step) {
        const auto samples = hn::TableLookupBytes(hn::LoadU(bytes, in + windows.begins[step]),
                                                  hn::LoadU(bytes, &windows.picks[16 * step]));
        sum = hn::Add(sum, hn::Mul(promote_from(d32, samples, lane),
                                   hn::LoadU(d32, &windows.weights[8 * step + lane])));
      }
      hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<kWeightBits>(sum)), d8, made.data() + lane);
    }
    std::memcpy(out + 8 * group, made.data(), std::min<std::size_t>(8, out_width - 8 * group));
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

}  // namespace gradspace::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gradspace::kernels {

GRADSPACE_EXPORT(resample_row);
GRADSPACE_EXPORT(resample_narrow_row);
GRADSPACE_EXPORT(resample_narrow_grey_row);
GRADSPACE_EXPORT(blend_rows);

void resample_row(const std::uint8_t* in, const Window* windows, const std::int32_t* weights,
                  std::size_t out_width, int channels, std::uint8_t* out) {
  GRADSPACE_DISPATCH(resample_row)(in, windows, weights, out_width, channels, out);
}

void resample_narrow_row(const std::uint8_t* in, const NarrowWindows& windows,
                         std::size_t out_width, std::uint8_t* out) {
  GRADSPACE_DISPATCH(resample_narrow_row)(in, windows, out_width, out);
}

void resample_narrow_grey_row(const std::uint8_t* in, const NarrowWindows& windows,
                              std::size_t out_width, std::uint8_t* out) {
  GRADSPACE_DISPATCH(resample_narrow_grey_row)(in, windows, out_width, out);
}

void blend_rows(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights,
                std::size_t count, std::size_t row_size, std::uint8_t* out) {
  GRADSPACE_DISPATCH(blend_rows)(rows, stride, weights, count, row_size, out);
}

}  // namespace gradspace::kernels
#endif  // HWY_ONCE
