#include "photograph/pixel_rows.h"

#include <algorithm>
#include <cstdlib>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "photograph/pixel_rows.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::pixel_rows::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Calls `step(x)` for every whole vector of `lanes` pixels and returns how many pixels those are.
template <class Step>
HWY_INLINE std::size_t whole_vectors(std::size_t pixels, std::size_t lanes, Step step) {
  std::size_t x = 0;
  for (; x + lanes <= pixels; x += lanes) {
    step(x);
  }
  return x;
}

void split_kernel(const std::uint8_t* HWY_RESTRICT samples, std::size_t pixels,
                  std::uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<std::uint8_t> d;
  std::size_t x = whole_vectors(pixels, hn::Lanes(d), [&](std::size_t at) HWY_ATTR {
    hn::Vec<decltype(d)> a;
    hn::Vec<decltype(d)> b;
    hn::Vec<decltype(d)> c;
    hn::LoadInterleaved3(d, samples + 3 * at, a, b, c);
    hn::StoreU(a, d, out + at);
    hn::StoreU(b, d, out + pixels + at);
    hn::StoreU(c, d, out + 2 * pixels + at);
  });
  for (; x < pixels; ++x) {
    for (std::size_t k = 0; k < 3; ++k) {
      out[k * pixels + x] = samples[3 * x + k];
    }
  }
}

/// In floats, where the sums of products are exact. Half a thousandth is added so that an exact multiple of 1000 is not
/// rounded to below itself.
std::size_t luma_vectors(const std::uint8_t* HWY_RESTRICT red,
                         const std::uint8_t* HWY_RESTRICT green,
                         const std::uint8_t* HWY_RESTRICT blue, std::size_t pixels,
                         std::uint8_t* HWY_RESTRICT luma) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const auto value = [&](const std::uint8_t* from) HWY_ATTR {
    return hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d8, from)));
  };
  return whole_vectors(pixels, hn::Lanes(d), [&](std::size_t x) HWY_ATTR {
    auto sum = hn::MulAdd(value(red + x), hn::Set(d, 299.0F), hn::Set(d, 500.5F));
    sum = hn::MulAdd(value(green + x), hn::Set(d, 587.0F), sum);
    sum = hn::MulAdd(value(blue + x), hn::Set(d, 114.0F), sum);
    hn::StoreU(hn::DemoteTo(d8, hn::ConvertTo(di, hn::Mul(sum, hn::Set(d, 1e-3F)))), d8, luma + x);
  });
}

void tone_kernel(const std::uint8_t* HWY_RESTRICT red, const std::uint8_t* HWY_RESTRICT green,
                 const std::uint8_t* HWY_RESTRICT blue, std::size_t pixels, const ToneRows& out) {
  for (std::size_t x = luma_vectors(red, green, blue, pixels, out.luma); x < pixels; ++x) {
    out.luma[x] = static_cast<std::uint8_t>(
        (299U * red[x] + 587U * green[x] + 114U * blue[x] + 500U) / 1000U);
  }
  const hn::ScalableTag<std::uint8_t> d;
  std::size_t x = whole_vectors(pixels, hn::Lanes(d), [&](std::size_t at) HWY_ATTR {
    const auto r = hn::LoadU(d, red + at);
    const auto g = hn::LoadU(d, green + at);
    const auto b = hn::LoadU(d, blue + at);
    const auto least = hn::Min(r, hn::Min(g, b));
    hn::StoreU(hn::Sub(hn::Max(r, hn::Max(g, b)), least), d, out.saturation + at);
    hn::StoreU(least, d, out.least + at);
  });
  for (; x < pixels; ++x) {
    const auto [least, largest] = std::minmax({red[x], green[x], blue[x]});
    out.saturation[x] = static_cast<std::uint8_t>(largest - least);
    out.least[x] = least;
  }
}

/// Sums of up to so many bytes fit into 16 bits.
constexpr std::size_t kMostBytes = 256;

/// Adds what lies in 16-bit lanes: of even bytes of a vector, and of odd ones.
template <class D16>
HWY_INLINE void add_phases(D16 d, hn::Vec<D16> even, hn::Vec<D16> odd, Changes& changes) {
  std::array<std::uint16_t, hn::MaxLanes(D16())> lanes{};
  for (std::size_t parity = 0; parity < 2; ++parity) {
    hn::StoreU(parity == 0 ? even : odd, d, lanes.data());
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
      changes.across[(2 * i + parity) % Changes::kPhases] += lanes[i];
    }
  }
}

#if HWY_TARGET == HWY_SCALAR
std::size_t change_vectors(const std::uint8_t*, const std::uint8_t*, std::size_t, Changes&) {
  return 1;
}
#else
/// From the first sample on that has a left neighbour; returns how many samples are done.
std::size_t change_vectors(const std::uint8_t* HWY_RESTRICT row,
                           const std::uint8_t* HWY_RESTRICT above, std::size_t count,
                           Changes& changes) {
  const hn::ScalableTag<std::uint8_t> d;
  const hn::Repartition<std::uint16_t, decltype(d)> d16;
  const hn::Repartition<std::uint64_t, decltype(d)> d64;
  const std::size_t lanes = hn::Lanes(d);
  const auto difference = [&](const std::uint8_t* a, const std::uint8_t* b) HWY_ATTR {
    const auto left = hn::LoadU(d, a);
    const auto right = hn::LoadU(d, b);
    return hn::Sub(hn::Max(left, right), hn::Min(left, right));
  };
  auto down = hn::Zero(d64);
  std::size_t x = Changes::kPhases;  // so that a vector's first sample has phase 0
  while (x + lanes <= count) {
    const std::size_t end = std::min(count, x + kMostBytes * lanes);
    auto even = hn::Zero(d16);
    auto odd = hn::Zero(d16);
    for (; x + lanes <= end; x += lanes) {
      down = hn::Add(down, hn::SumsOf8(difference(row + x, above + x)));
      const auto across = hn::BitCast(d16, difference(row + x, row + x - 1));
      even = hn::Add(even, hn::And(across, hn::Set(d16, 255)));
      odd = hn::Add(odd, hn::ShiftRight<8>(across));
    }
    add_phases(d16, even, odd, changes);
  }
  changes.down += hn::GetLane(hn::SumOfLanes(d64, down));
  return x;
}
#endif

void changes_kernel(const std::uint8_t* row, const std::uint8_t* above, std::size_t count,
                    Changes& changes) {
  const auto add = [&](std::size_t x) {
    changes.down += static_cast<std::uint64_t>(std::abs(row[x] - above[x]));
    if (x > 0) {
      changes.across[x % Changes::kPhases] +=
          static_cast<std::uint64_t>(std::abs(row[x] - row[x - 1]));
    }
  };
  std::size_t x = 0;
  for (; x < std::min(Changes::kPhases, count); ++x) {
    add(x);
  }
  if (x < count) {
    x = change_vectors(row, above, count, changes);
  }
  for (; x < count; ++x) {
    add(x);
  }
}

}  // namespace
}  // namespace gradspace::pixel_rows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace {
namespace pixel_rows {

GRADSPACE_EXPORT(split_kernel);
GRADSPACE_EXPORT(tone_kernel);
GRADSPACE_EXPORT(changes_kernel);

}  // namespace pixel_rows

void SplitRow::split(const std::uint8_t* samples, std::size_t pixels) {
  pixels_ = pixels;
  values_.resize(3 * pixels);
  using namespace pixel_rows;
  GRADSPACE_DISPATCH(split_kernel)(samples, pixels, values_.data());
}

void tone_rows(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue,
               std::size_t pixels, const ToneRows& out) {
  using namespace pixel_rows;
  GRADSPACE_DISPATCH(tone_kernel)(red, green, blue, pixels, out);
}

void add_changes(const std::uint8_t* row, const std::uint8_t* above, std::size_t count,
                 Changes& changes) {
  using namespace pixel_rows;
  GRADSPACE_DISPATCH(changes_kernel)(row, above, count, changes);
}

void LevelCounts::add(const std::uint8_t* values, std::size_t count) {
  std::size_t i = 0;
  for (; i + kApart <= count; i += kApart) {
    for (std::size_t k = 0; k < kApart; ++k) {
      ++counts_[k][values[i + k]];
    }
  }
  for (; i < count; ++i) {
    ++counts_[0][values[i]];
  }
}

Histogram LevelCounts::total() const {
  Histogram total{};
  for (const auto& counts : counts_) {
    for (std::size_t level = 0; level < total.size(); ++level) {
      total[level] += counts[level];
    }
  }
  return total;
}

}  // namespace gradspace

#endif  // HWY_ONCE
