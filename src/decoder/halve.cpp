// MATLAB's imresize(image, 0.5) in integers. The bicubic kernel (a = -1/2) stretched to twice its width
// has, at the distances 7/2, 5/2, 3/2 and 1/2, weights that are multiples of 1/256; so sums are exact,
// and one rounding at the end is all there is.
#include <algorithm>
#include <cstdint>

#include "decoder/halving.h"
#include "decoder/preparation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "decoder/halve.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<std::int32_t>;
using V = hn::Vec<D>;

/// The kernel over four pairs of values, those that lie equally far from the middle, the outermost
/// first. In 256ths.
HWY_INLINE V weigh(V outermost, V outer, V inner, V innermost) {
  const D d;
  const V low = hn::Add(hn::Mul(outermost, hn::Set(d, -3)), hn::Mul(outer, hn::Set(d, -9)));
  const V high = hn::Add(hn::Mul(inner, hn::Set(d, 29)), hn::Mul(innermost, hn::Set(d, 111)));
  return hn::Add(low, high);
}

void weigh_rows_kernel(const std::uint8_t* const* rows, std::size_t count, std::int32_t* sums) {
  const D d;
  const hn::Rebind<std::uint8_t, D> bytes;
  std::size_t i = 0;
  const auto pair = [&](std::size_t k) HWY_ATTR {
    return hn::Add(hn::PromoteTo(d, hn::LoadU(bytes, rows[k] + i)),
                   hn::PromoteTo(d, hn::LoadU(bytes, rows[7 - k] + i)));
  };
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    hn::StoreU(weigh(pair(0), pair(1), pair(2), pair(3)), d, sums + i);
  }
  for (; i < count; ++i) {
    const auto sum = [&](std::size_t k) { return int{rows[k][i]} + int{rows[7 - k][i]}; };
    sums[i] = -3 * sum(0) - 9 * sum(1) + 29 * sum(2) + 111 * sum(3);
  }
}

/// `even` and `odd` hold every other value of a row, so that output `i` lies between even[i] and
/// odd[i]. Reads two values before and behind; writes whole vectors.
void weigh_columns_kernel(const std::int32_t* even, const std::int32_t* odd, std::size_t count,
                          std::int32_t* out) {
  const D d;
  const V half = hn::Set(d, 1 << 15);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto at = [&](const std::int32_t* values, std::ptrdiff_t offset) HWY_ATTR {
      return hn::LoadU(d, values + static_cast<std::ptrdiff_t>(i) + offset);
    };
    const V sum = weigh(hn::Add(at(odd, -2), at(even, 2)), hn::Add(at(even, -1), at(odd, 1)),
                        hn::Add(at(odd, -1), at(even, 1)), hn::Add(at(even, 0), at(odd, 0)));
    const V rounded = hn::ShiftRight<16>(hn::Add(sum, half));
    hn::StoreU(hn::Min(hn::Max(rounded, hn::Zero(d)), hn::Set(d, 255)), d, out + i);
  }
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {

GRADSPACE_EXPORT(weigh_rows_kernel);
GRADSPACE_EXPORT(weigh_columns_kernel);

namespace {

constexpr int kTaps = 8;
/// Inputs before the first of an output's two middle ones.
constexpr int kReach = kTaps / 2 - 1;
/// Values around a row of every other one: what the kernel reaches over, and a vector.
constexpr std::size_t kMargin = 32;

/// The position that mirrors at both ends, behind the edge pixels, give an `i` outside 0 .. n - 1.
int mirrored(int i, int n) {
  const int period = 2 * n;
  const int inside = ((i % period) + period) % period;
  return inside < n ? inside : period - 1 - inside;
}

}  // namespace

Halving::Halving(const Image& image)
    : image_(image),
      sums_(image.row(0).size()),
      even_(static_cast<std::size_t>(width()) + 2 * kMargin),
      odd_(even_.size()),
      out_(even_.size()) {}

void Halving::weigh_columns(int channel, std::uint8_t* out) {
  const int channels = image_.channels();
  const std::int32_t* sums = sums_.data() + channel;
  std::int32_t* const evens = even_.data() + kMargin;
  std::int32_t* const odds = odd_.data() + kMargin;
  const auto take = [=](int i, int even, int odd) {
    evens[i] = sums[channels * even];
    odds[i] = sums[channels * odd];
  };
  const int inside = image_.width() / 2;
  for (int i = 0; i < inside; ++i) {
    take(i, 2 * i, 2 * i + 1);
  }
  // Two outputs' width beyond either end is as far as the kernel reaches.
  const auto take_mirrored = [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      take(i, mirrored(2 * i, image_.width()), mirrored(2 * i + 1, image_.width()));
    }
  };
  take_mirrored(-2, 0);
  take_mirrored(inside, width() + 2);
  GRADSPACE_DISPATCH(weigh_columns_kernel)
  (evens, odds, static_cast<std::size_t>(width()), out_.data());
  const std::int32_t* const weighed = out_.data();
  const int count = width();
  for (int i = 0; i < count; ++i) {
    out[channels * i + channel] = static_cast<std::uint8_t>(weighed[i]);
  }
}

void Halving::row(int y, std::uint8_t* out) {
  const std::uint8_t* rows[kTaps];
  for (int k = 0; k < kTaps; ++k) {
    rows[k] = image_.row(mirrored(2 * y - kReach + k, image_.height())).data();
  }
  GRADSPACE_DISPATCH(weigh_rows_kernel)(rows, sums_.size(), sums_.data());
  for (int channel = 0; channel < image_.channels(); ++channel) {
    weigh_columns(channel, out);
  }
}

Image halve(const Image& image) {
  Halving halving(image);
  Image out(halving.width(), halving.height(), image.channels());
  for (int y = 0; y < out.height(); ++y) {
    halving.row(y, out.row(y).data());
  }
  return out;
}

}  // namespace gradspace::quality

#endif  // HWY_ONCE
