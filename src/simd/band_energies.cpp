#include "simd/band_energies.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/band_energies.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "core/dispatch.h"
#include "core/round_up.h"
#include "simd/cosine-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace cosine = simd::HWY_NAMESPACE;

constexpr std::size_t kColumns = cosine::kStripColumns;

constexpr std::size_t whole_strips(std::size_t columns) {
  return round_up_to(kColumns, columns);
}

/// Where the columns of a strip begin that lie `step` apart. A strip that is not full repeats the last column.
std::array<std::size_t, kColumns> strip_begins(std::size_t first, std::size_t count,
                                               std::size_t step) {
  std::array<std::size_t, kColumns> begins{};
  for (std::size_t c = 0; c < kColumns; ++c) {
    begins[c] = std::min(first + c, count - 1) * step;
  }
  return begins;
}

/// What one vector of pictures is worked on with. The transform of all rows of a channel lies transposed, so that its
/// columns are read as they stand in memory: that of frequency v and row y at (v * whole_strips(height) + y).
struct Workspace {
  float* strips;  ///< [channels, the longer side, kColumns]
  float* rows;    ///< [channels, width, whole_strips(height)]
  float* sums;    ///< [bands]
  std::size_t strip_step;
  std::size_t channel_step;
};

/// The vectors at `at` of each channel, less what is to be taken away from them, in the colours asked for.
template <std::size_t kChannels, bool kSubtract, class D>
HWY_INLINE void load_colours(D d, const LanePictures& pictures, std::size_t at, std::size_t plane,
                             const ColourMatrix& colours, hn::Vec<D> (&out)[kChannels]) {
  hn::Vec<D> in[kChannels];
  for (std::size_t k = 0; k < kChannels; ++k) {
    in[k] = hn::LoadU(d, pictures.values + at + k * plane);
    if constexpr (kSubtract) {
      in[k] = hn::Sub(in[k], hn::LoadU(d, pictures.subtracted + at + k * plane));
    }
  }
  if constexpr (kChannels == 1) {
    out[0] = in[0];
  } else {
    for (std::size_t k = 0; k < kChannels; ++k) {
      const auto& row = colours[k];
      out[k] =
          hn::MulAdd(hn::Set(d, row[2]), in[2],
                     hn::MulAdd(hn::Set(d, row[1]), in[1], hn::Mul(hn::Set(d, row[0]), in[0])));
    }
  }
}

/// The transform along the rows of all channels.
template <std::size_t kChannels, bool kSubtract, class D>
HWY_INLINE void transform_rows(D d, const BandEnergies::Layout& layout,
                               const LanePictures& pictures, const ColourMatrix& colours,
                               const Workspace& work) {
  const std::size_t row = layout.width * pictures.lanes;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t y = 0; y < layout.height; y += kColumns) {
    const auto begins = strip_begins(y, layout.height, row);
    cosine::fill_folded<kChannels>(
        d, layout.across, work.strip_step, work.strips,
        [&](std::size_t x, std::size_t c, hn::Vec<D>(&out)[kChannels]) HWY_ATTR {
          load_colours<kChannels, kSubtract>(d, pictures, begins[c] + x * pictures.lanes,
                                             layout.height * row, colours, out);
        });
    for (std::size_t k = 0; k < kChannels; ++k) {
      cosine::transform_folded(d, layout.across, work.strips + k * work.strip_step,
                               {work.rows + k * work.channel_step + y * lanes,
                                whole_strips(layout.height) * lanes, lanes});
    }
  }
}

/// Adds the squares of the vectors at `places` of a strip.
template <class D>
HWY_INLINE void add_squares(D d, const float* HWY_RESTRICT strip, const std::uint32_t* places,
                            std::size_t count, float* HWY_RESTRICT sum) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  V even = hn::LoadU(d, sum);
  V odd = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    const V a = hn::LoadU(d, strip + places[i] * lanes);
    const V b = hn::LoadU(d, strip + places[i + 1] * lanes);
    even = hn::MulAdd(a, a, even);
    odd = hn::MulAdd(b, b, odd);
  }
  if (i < count) {
    const V a = hn::LoadU(d, strip + places[i] * lanes);
    even = hn::MulAdd(a, a, even);
  }
  hn::StoreU(hn::Add(even, odd), d, sum);
}

/// The transform down the columns of one channel, of which the squares alone are kept.
template <class D>
HWY_INLINE void sum_bands(D d, const BandEnergies::Layout& layout, const float* rows,
                          const Workspace& work) {
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t column = whole_strips(layout.height) * lanes;
  float* coefficients = work.strips + work.strip_step;
  std::fill_n(work.sums, layout.bands * lanes, 0.0F);
  const std::size_t* end = layout.ends.data();
  std::size_t begin = 0;
  for (std::size_t v = 0; v < layout.width; v += kColumns) {
    const auto begins = strip_begins(v, layout.width, column);
    cosine::fill_folded<1>(d, layout.down, work.strip_step, work.strips,
                           [&](std::size_t y, std::size_t c, hn::Vec<D>(&out)[1])
                               HWY_ATTR { out[0] = hn::LoadU(d, rows + begins[c] + y * lanes); });
    cosine::transform_folded(d, layout.down, work.strips, {coefficients, kColumns * lanes, lanes});
    for (std::size_t band = 0; band < layout.bands; ++band, ++end) {
      add_squares(d, coefficients, layout.places.data() + begin, *end - begin,
                  work.sums + band * lanes);
      begin = *end;
    }
  }
}

/// As many pictures as `d` has lanes.
template <std::size_t kChannels, class D>
HWY_INLINE void energies(D d, const BandEnergies::Layout& layout, const LanePictures& pictures,
                         const ColourMatrix& colours, float floor, const Workspace& work,
                         float* out) {
  if (pictures.subtracted == nullptr) {
    transform_rows<kChannels, false>(d, layout, pictures, colours, work);
  } else {
    transform_rows<kChannels, true>(d, layout, pictures, colours, work);
  }
  for (std::size_t k = 0; k < kChannels; ++k) {
    sum_bands(d, layout, work.rows + k * work.channel_step, work);
    for (std::size_t band = 0; band < layout.bands; ++band, out += pictures.lanes) {
      const auto mean = hn::Mul(hn::LoadU(d, work.sums + band * hn::Lanes(d)),
                                hn::Set(d, layout.reciprocal_counts[band]));
      hn::StoreU(hn::Log(d, hn::Add(mean, hn::Set(d, floor))), d, out);
    }
  }
}

template <class D>
void energies_of_all(D d, const BandEnergies::Layout& layout, const LanePictures& pictures,
                     const ColourMatrix& colours, float floor, LaneMemory& memory, float* out) {
  const std::size_t lanes = hn::Lanes(d);
  Workspace work{};
  // Two strips at least: what goes into a transform, and what comes out.
  const std::size_t strips = std::max<std::size_t>(layout.channels, 2);
  work.strip_step = std::max(layout.width, layout.height) * kColumns * lanes;
  work.channel_step = layout.width * whole_strips(layout.height) * lanes;
  work.strips = memory.room(strips * work.strip_step + layout.channels * work.channel_step +
                            layout.bands * lanes);
  work.rows = work.strips + strips * work.strip_step;
  work.sums = work.rows + layout.channels * work.channel_step;
  for (std::size_t lane = 0; lane < pictures.lanes; lane += lanes) {
    LanePictures own = pictures;
    own.values += lane;
    own.subtracted += own.subtracted == nullptr ? 0 : lane;
    if (layout.channels == 1) {
      energies<1>(d, layout, own, colours, floor, work, out + lane);
    } else {
      energies<3>(d, layout, own, colours, floor, work, out + lane);
    }
  }
}

void energies_kernel(const BandEnergies::Layout& layout, const LanePictures& pictures,
                     const ColourMatrix& colours, float floor, LaneMemory& memory, float* out) {
  const hn::CappedTag<float, 16> d;
  if (pictures.lanes % hn::Lanes(d) == 0) {
    energies_of_all(d, layout, pictures, colours, floor, memory, out);
  } else {  // laid out for another instruction set, as some builds for tests have it
    energies_of_all(hn::CappedTag<float, 1>(), layout, pictures, colours, floor, memory, out);
  }
}

template <class D>
void transform_of_all(D d, const CosinePlan& plan, const float* in, std::size_t lanes, float* out) {
  std::vector<float> strip(plan.size * kColumns * hn::Lanes(d));
  std::vector<float> result(strip.size());
  for (std::size_t lane = 0; lane < lanes; lane += hn::Lanes(d)) {
    cosine::fill_folded<1>(d, plan, 0, strip.data(),
                           [&](std::size_t i, std::size_t /*c*/, hn::Vec<D>(&values)[1])
                               HWY_ATTR { values[0] = hn::LoadU(d, in + i * lanes + lane); });
    cosine::transform_folded(d, plan, strip.data(),
                             {result.data(), kColumns * hn::Lanes(d), hn::Lanes(d)});
    for (std::size_t u = 0; u < plan.size; ++u) {
      hn::StoreU(hn::LoadU(d, &result[u * kColumns * hn::Lanes(d)]), d, out + u * lanes + lane);
    }
  }
}

void transform_kernel(const CosinePlan& plan, const float* in, std::size_t lanes, float* out) {
  const hn::CappedTag<float, 16> d;
  if (lanes % hn::Lanes(d) == 0) {
    transform_of_all(d, plan, in, lanes, out);
  } else {
    transform_of_all(hn::CappedTag<float, 1>(), plan, in, lanes, out);
  }
}

std::size_t strip_columns() {
  return kColumns;
}

}  // namespace
}  // namespace gradspace::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace {

GRADSPACE_EXPORT(energies_kernel);
GRADSPACE_EXPORT(transform_kernel);
GRADSPACE_EXPORT(strip_columns);

BandEnergies::BandEnergies(std::size_t channels, std::size_t height, std::size_t width,
                           std::size_t bands, const BandOf& band_of)
    : layout_{channels, height, width, bands, CosinePlan(width), CosinePlan(height), {}, {}, {}} {
  const std::size_t columns = GRADSPACE_DISPATCH(strip_columns)();
  std::vector<std::size_t> counts(bands);
  std::vector<std::vector<std::uint32_t>> of_strip(bands);
  for (std::size_t first = 0; first < width; first += columns) {
    for (std::size_t u = 0; u < height; ++u) {
      for (std::size_t v = first; v < std::min(first + columns, width); ++v) {
        if (const std::size_t band = band_of(u, v); band < bands) {
          of_strip[band].push_back(static_cast<std::uint32_t>(u * columns + v - first));
        }
      }
    }
    for (std::size_t band = 0; band < bands; ++band) {
      std::vector<std::uint32_t>& own = of_strip[band];
      counts[band] += own.size();
      layout_.places.insert(layout_.places.end(), own.begin(), own.end());
      layout_.ends.push_back(layout_.places.size());
      own.clear();
    }
  }
  for (const std::size_t count : counts) {
    layout_.reciprocal_counts.push_back(1 / static_cast<float>(std::max<std::size_t>(count, 1)));
  }
}

void BandEnergies::compute(const LanePictures& pictures, const ColourMatrix& colours, float floor,
                           LaneMemory& memory, float* out) const {
  GRADSPACE_DISPATCH(energies_kernel)(layout_, pictures, colours, floor, memory, out);
}

void cosine_transform(const CosinePlan& plan, const float* in, std::size_t lanes, float* out) {
  GRADSPACE_DISPATCH(transform_kernel)(plan, in, lanes, out);
}

}  // namespace gradspace

#endif  // HWY_ONCE
