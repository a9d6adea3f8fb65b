// The gradient of a layer's weight. Included once for every instruction set.
#if defined(GRADSPACE_GRADIENT_WEIGHT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_GRADIENT_WEIGHT_INL_H
#undef GRADSPACE_GRADIENT_WEIGHT_INL_H
#else
#define GRADSPACE_GRADIENT_WEIGHT_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "gradient/gather-inl.h"
#include "gradient/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::HWY_NAMESPACE {

/// Rows [begin, end) of the small side for a block of channels of either side. Steps are in floats.
struct WeightBand {
  const WeightPlan* plan = nullptr;
  const float* small = nullptr;  ///< the block's first channel
  const float* large = nullptr;  ///< likewise
  float* out = nullptr;          ///< [small block, B, k, k], at the large block's first channel
  int begin = 0;
  int end = 0;
  int groups = 1;
  std::ptrdiff_t group_step = 0;
  std::ptrdiff_t small_channel_step = 0;
  std::ptrdiff_t large_channel_step = 0;
  std::ptrdiff_t out_small_step = 0;  ///< from one small channel to the next
  std::ptrdiff_t out_large_step = 0;
  bool accumulate = false;
};

/// The positions of one tap.
struct TapRectangle {
  const float* small = nullptr;
  const float* large = nullptr;
  int rows = 0;
  int columns = 0;
};

/// One position: kSmall times kLarge channels.
template <int kSmall, int kLarge, std::size_t... kA, std::size_t... kB>
HWY_INLINE void multiply_position(const float* HWY_RESTRICT small, std::ptrdiff_t small_step,
                                  const float* HWY_RESTRICT large, std::ptrdiff_t large_step,
                                  TileSums<kSmall, kLarge>& sums, std::index_sequence<kA...> rows,
                                  std::index_sequence<kB...> columns) {
  const D d;
  if constexpr (kSmall <= kLarge) {
    const V held[kSmall] = {hn::Load(d, small + static_cast<std::ptrdiff_t>(kA) * small_step)...};
    (multiply_column<kSmall, kLarge>(
         hn::Load(d, large + static_cast<std::ptrdiff_t>(kB) * large_step), held, kB, sums, rows),
     ...);
  } else {
    const V held[kLarge] = {hn::Load(d, large + static_cast<std::ptrdiff_t>(kB) * large_step)...};
    (multiply_row<kSmall, kLarge>(hn::Load(d, small + static_cast<std::ptrdiff_t>(kA) * small_step),
                                  held, kA, sums, columns),
     ...);
  }
}

template <int kSmall, int kLarge, std::size_t... kIndex>
HWY_INLINE void weight_tap(const WeightBand& band, const TapRectangle& tap, float* out,
                           std::index_sequence<kIndex...> all) {
  const D d;
  constexpr auto kOfSmall = std::make_index_sequence<kSmall>();
  constexpr auto kOfLarge = std::make_index_sequence<kLarge>();
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const LayerGeometry& geometry = band.plan->geometry;
  const std::ptrdiff_t small_row_step = geometry.small.width * kStep;
  const std::ptrdiff_t large_column_step = geometry.stride * kStep;
  const std::ptrdiff_t large_row_step = geometry.large.width * large_column_step;
  const std::ptrdiff_t small_channel_step = band.small_channel_step;
  const std::ptrdiff_t large_channel_step = band.large_channel_step;
  TileSums<kSmall, kLarge> sums;
  clear<kSmall, kLarge>(sums, all);
  const std::ptrdiff_t group_step = band.group_step;
  const float* small_group = tap.small;
  const float* large_group = tap.large;
  for (int groups_left = band.groups; groups_left > 0; --groups_left) {
    const float* small_row = small_group;
    const float* large_row = large_group;
    for (int y = 0; y < tap.rows; ++y) {
      const float* small = small_row;
      const float* large = large_row;
      for (int x = 0; x < tap.columns; ++x) {
        multiply_position<kSmall, kLarge>(small, small_channel_step, large, large_channel_step,
                                          sums, kOfSmall, kOfLarge);
        small += kStep;
        large += large_column_step;
      }
      small_row += small_row_step;
      large_row += large_row_step;
    }
    small_group += group_step;
    large_group += group_step;
  }
  const std::ptrdiff_t out_small_step = band.out_small_step;
  const std::ptrdiff_t out_large_step = band.out_large_step;
  const auto offset = [&](std::size_t index) HWY_ATTR {
    return static_cast<std::ptrdiff_t>(index / kLarge) * out_small_step +
           static_cast<std::ptrdiff_t>(index % kLarge) * out_large_step;
  };
  if (band.accumulate) {
    ((sums.at[kIndex] = hn::Add(sums.at[kIndex], hn::Load(d, out + offset(kIndex)))), ...);
  }
  (hn::Store(sums.at[kIndex], d, out + offset(kIndex)), ...);
}

template <int kSmall, int kLarge>
void weight_band(const WeightBand& band) {
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const LayerGeometry& geometry = band.plan->geometry;
  const std::ptrdiff_t small_width = geometry.small.width;
  const std::ptrdiff_t large_width = geometry.large.width;
  float* out = band.out;
  for (const TapSpan& row : band.plan->rows) {
    const int first = std::max(row.begin, band.begin);
    const int rows = std::min(row.end, band.end) - first;
    const std::ptrdiff_t large_y =
        row.large + static_cast<std::ptrdiff_t>(first - row.begin) * geometry.stride;
    for (const TapSpan& column : band.plan->columns) {
      TapRectangle tap;
      if (rows > 0 && column.end > column.begin) {
        tap.small = band.small + (first * small_width + column.begin) * kStep;
        tap.large = band.large + (large_y * large_width + column.large) * kStep;
        tap.rows = rows;
        tap.columns = column.end - column.begin;
      }
      if (tap.rows > 0 || !band.accumulate) {
        weight_tap<kSmall, kLarge>(band, tap, out, std::make_index_sequence<kSmall * kLarge>());
      }
      out += kStep;
    }
  }
}

using WeightFunction = void (*)(const WeightBand&);

template <int kSmall, std::size_t... kB>
constexpr std::array<WeightFunction, kLargestWeightBlock> weight_functions_of(
    std::index_sequence<kB...>) {
  const auto function = []<int kLarge>(std::integral_constant<int, kLarge>) -> WeightFunction {
    if constexpr (kSmall * kLarge <= kAccumulators) {
      return &weight_band<kSmall, kLarge>;
    } else {
      return nullptr;
    }
  };
  return {function(std::integral_constant<int, static_cast<int>(kB) + 1>())...};
}

template <std::size_t... kA>
constexpr std::array<std::array<WeightFunction, kLargestWeightBlock>, kLargestWeightBlock>
weight_functions(std::index_sequence<kA...>) {
  return {weight_functions_of<static_cast<int>(kA) + 1>(
      std::make_index_sequence<kLargestWeightBlock>())...};
}

/// Where the small side is one position, as a linear layer's output is, there are no sums: every value
/// is one product, or 0 for a tap outside the large side. For one group.
void outer_product(const WeightCall& call) {
  const D d;
  const WeightPlan& plan = *call.plan;
  const LayerGeometry& geometry = plan.geometry;
  const auto large_channels = static_cast<std::size_t>(geometry.large.channels);
  const auto width = static_cast<std::size_t>(geometry.large.width);
  const std::size_t plane = width * static_cast<std::size_t>(geometry.large.height);
  float* out = call.out;
  for (int a = 0; a < call.block.size; ++a) {
    const V small =
        hn::Load(d, call.small + static_cast<std::size_t>(call.block.begin + a) * kLanes);
    for (std::size_t b = 0; b < large_channels; ++b) {
      for (const TapSpan& row : plan.rows) {
        const float* large =
            call.large + (b * plane + static_cast<std::size_t>(row.large) * width) * kLanes;
        for (const TapSpan& column : plan.columns) {
          V value = call.accumulate ? hn::Load(d, out) : hn::Zero(d);
          if (row.end > row.begin && column.end > column.begin) {
            const V factor = hn::Load(d, large + static_cast<std::size_t>(column.large) * kLanes);
            value = hn::MulAdd(small, factor, value);
          }
          hn::Store(value, d, out);
          out += kLanes;
        }
      }
    }
  }
}

void weight_gradient(const WeightCall& call) {
  if (call.plan->geometry.small.height == 1 && call.plan->geometry.small.width == 1) {
    WeightCall group = call;
    for (int i = 0; i < call.groups; ++i) {
      outer_product(group);
      group.small += call.group_step;
      group.large += call.group_step;
      group.accumulate = true;
    }
    return;
  }
  static constexpr auto kFunctions =
      weight_functions(std::make_index_sequence<kLargestWeightBlock>());
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const LayerGeometry& geometry = call.plan->geometry;
  WeightBand band;
  band.plan = call.plan;
  band.small_channel_step =
      static_cast<std::ptrdiff_t>(geometry.small.height) * geometry.small.width * kStep;
  band.large_channel_step =
      static_cast<std::ptrdiff_t>(geometry.large.height) * geometry.large.width * kStep;
  band.out_large_step = static_cast<std::ptrdiff_t>(geometry.taps()) * kStep;
  band.out_small_step = geometry.large.channels * band.out_large_step;
  band.group_step = call.group_step;
  const auto& functions = kFunctions[static_cast<std::size_t>(call.block.size) - 1];
  for (const ChannelBlock& block : call.plan->large_blocks) {
    band.out = call.out + block.begin * band.out_large_step;
    band.accumulate = call.accumulate;
    for (int group = 0; group < call.groups; group += band.groups) {
      band.groups = std::min(call.plan->groups, call.groups - group);
      band.small =
          call.small + group * call.group_step + call.block.begin * band.small_channel_step;
      band.large = call.large + group * call.group_step + block.begin * band.large_channel_step;
      for (band.begin = 0; band.begin < geometry.small.height; band.begin = band.end) {
        band.end = std::min(band.begin + call.plan->band, geometry.small.height);
        functions[static_cast<std::size_t>(block.size) - 1](band);
        band.accumulate = true;
      }
    }
  }
}

}  // namespace gradspace::gradient::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_WEIGHT_INL_H
