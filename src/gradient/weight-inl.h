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
namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE {

/// Some rows for a block of channels of either side and a group of taps. Steps are in floats.
struct WeightSweep {
  const WeightPlan* plan = nullptr;
  const WeightBand* rows = nullptr;
  const TapGroup* taps = nullptr;  ///< of every row of the kernel
  const float* small = nullptr;    ///< the block's first channel
  const float* large = nullptr;    ///< likewise
  float* out = nullptr;            ///< [small block, B, k, k], at the large block's first channel
  int groups = 1;
  std::ptrdiff_t group_step = 0;
  std::ptrdiff_t small_channel_step = 0;
  std::ptrdiff_t large_channel_step = 0;
  std::ptrdiff_t out_small_step = 0;  ///< from one small channel to the next
  std::ptrdiff_t out_large_step = 0;
  bool accumulate = false;
};

/// Positions of the small side, and what their first tap meets.
struct TapRectangle {
  const float* small = nullptr;
  const float* large = nullptr;
  int rows = 0;
  int columns = 0;
};

/// One position: kSmall channels times kLarge channels of kTaps neighbours.
template <int kSmall, int kLarge, int kTaps, std::size_t... kA, std::size_t... kB>
HWY_INLINE void multiply_position(const float* HWY_RESTRICT small, std::ptrdiff_t small_step,
                                  const float* HWY_RESTRICT large, std::ptrdiff_t large_step,
                                  TileSums<kSmall, kLarge * kTaps>& sums,
                                  std::index_sequence<kA...> rows,
                                  std::index_sequence<kB...> columns) {
  constexpr int kTileColumns = kLarge * kTaps;
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const D d;
  if constexpr (kSmall <= kTileColumns) {
    const V held[kSmall] = {hn::Load(d, small + static_cast<std::ptrdiff_t>(kA) * small_step)...};
    (multiply_column<kSmall, kTileColumns>(
         hn::Load(d, large + static_cast<std::ptrdiff_t>(kB / kTaps) * large_step +
                         static_cast<std::ptrdiff_t>(kB % kTaps) * kStep),
         held, kB, sums, rows),
     ...);
  } else {
    const V held[kTileColumns] = {
        hn::Load(d, large + static_cast<std::ptrdiff_t>(kB / kTaps) * large_step +
                        static_cast<std::ptrdiff_t>(kB % kTaps) * kStep)...};
    (multiply_row<kSmall, kTileColumns>(
         hn::Load(d, small + static_cast<std::ptrdiff_t>(kA) * small_step), held, kA, sums,
         columns),
     ...);
  }
}

template <int kSmall, int kLarge, int kTaps, std::size_t... kIndex>
HWY_INLINE void store_weights(const WeightSweep& sweep, bool accumulate, float* out,
                              TileSums<kSmall, kLarge * kTaps>& sums,
                              std::index_sequence<kIndex...>) {
  const D d;
  const std::ptrdiff_t small_step = sweep.out_small_step;
  const std::ptrdiff_t large_step = sweep.out_large_step;
  const auto offset = [&](std::size_t index) HWY_ATTR {
    return static_cast<std::ptrdiff_t>(index / (kLarge * kTaps)) * small_step +
           static_cast<std::ptrdiff_t>(index / kTaps % kLarge) * large_step +
           static_cast<std::ptrdiff_t>(index % kTaps * kLanes);
  };
  if (accumulate) {
    ((sums.at[kIndex] = hn::Add(sums.at[kIndex], hn::Load(d, out + offset(kIndex)))), ...);
  }
  (hn::Store(sums.at[kIndex], d, out + offset(kIndex)), ...);
}

/// The sums over a rectangle, of neighbouring taps that all stay inside.
template <int kSmall, int kLarge, int kTaps>
void weight_rectangle(const WeightSweep& sweep, const TapRectangle& rectangle, bool accumulate,
                      float* out) {
  constexpr auto kAll = std::make_index_sequence<kSmall * kLarge * kTaps>();
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const LayerGeometry& geometry = sweep.plan->geometry;
  const std::ptrdiff_t small_row_step = geometry.small.width * kStep;
  const std::ptrdiff_t large_column_step = geometry.stride * kStep;
  const std::ptrdiff_t large_row_step = geometry.large.width * large_column_step;
  const std::ptrdiff_t small_channel_step = sweep.small_channel_step;
  const std::ptrdiff_t large_channel_step = sweep.large_channel_step;
  TileSums<kSmall, kLarge * kTaps> sums;
  clear<kSmall, kLarge * kTaps>(sums, kAll);
  const std::ptrdiff_t group_step = sweep.group_step;
  const float* small_group = rectangle.small;
  const float* large_group = rectangle.large;
  for (int groups_left = sweep.groups; groups_left > 0; --groups_left) {
    const float* small_row = small_group;
    const float* large_row = large_group;
    for (int y = 0; y < rectangle.rows; ++y) {
      const float* small = small_row;
      const float* large = large_row;
      for (int x = 0; x < rectangle.columns; ++x) {
        multiply_position<kSmall, kLarge, kTaps>(
            small, small_channel_step, large, large_channel_step, sums,
            std::make_index_sequence<kSmall>(), std::make_index_sequence<kLarge * kTaps>());
        small += kStep;
        large += large_column_step;
      }
      small_row += small_row_step;
      large_row += large_row_step;
    }
    small_group += group_step;
    large_group += group_step;
  }
  store_weights<kSmall, kLarge, kTaps>(sweep, accumulate, out, sums, kAll);
}

/// Nothing where it has no rows or no columns.
inline TapRectangle rectangle_of(const WeightSweep& sweep, const TapSpan& rows,
                                 const TapSpan& columns) {
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const LayerGeometry& geometry = sweep.plan->geometry;
  TapRectangle rectangle;
  rectangle.rows = rows.end - rows.begin;
  rectangle.columns = columns.end - columns.begin;
  if (rectangle.rows <= 0 || rectangle.columns <= 0) {
    return {};
  }
  rectangle.small =
      sweep.small +
      (static_cast<std::ptrdiff_t>(rows.begin) * geometry.small.width + columns.begin) * kStep;
  rectangle.large =
      sweep.large +
      (static_cast<std::ptrdiff_t>(rows.large) * geometry.large.width + columns.large) * kStep;
  return rectangle;
}

template <int kSmall, int kLarge, int kTaps>
void weight_band(const WeightSweep& sweep) {
  const TapGroup& group = *sweep.taps;
  for (std::size_t ky = 0; ky < sweep.rows->rows.size(); ++ky) {
    const TapSpan& row = sweep.rows->rows[ky];
    float* out = sweep.out + (ky * sweep.plan->columns.size() + group.first) * kLanes;
    const TapRectangle inside = rectangle_of(sweep, row, group.inside);
    if (inside.rows > 0 || !sweep.accumulate) {
      weight_rectangle<kSmall, kLarge, kTaps>(sweep, inside, sweep.accumulate, out);
    }
    for (const TapEdge& edge : group.edges) {
      const TapRectangle beside = rectangle_of(sweep, row, edge.span);
      if (beside.rows > 0) {
        weight_rectangle<kSmall, kLarge, 1>(sweep, beside, /*accumulate=*/true,
                                            out + edge.tap * kLanes);
      }
    }
  }
}

using WeightFunction = void (*)(const WeightSweep&);
using WeightFunctions =
    std::array<std::array<WeightFunction, kLargestWeightBlock>, kLargestWeightBlock>;

template <int kTaps, int kSmall, std::size_t... kB>
constexpr std::array<WeightFunction, kLargestWeightBlock> weight_functions_of(
    std::index_sequence<kB...>) {
  const auto function = []<int kLarge>(std::integral_constant<int, kLarge>) -> WeightFunction {
    if constexpr (kSmall * kLarge * kTaps <= kAccumulators) {
      return &weight_band<kSmall, kLarge, kTaps>;
    } else {
      return nullptr;
    }
  };
  return {function(std::integral_constant<int, static_cast<int>(kB) + 1>())...};
}

template <int kTaps, std::size_t... kA>
constexpr WeightFunctions weight_functions(std::index_sequence<kA...> blocks) {
  return {weight_functions_of<kTaps, static_cast<int>(kA) + 1>(blocks)...};
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
  const Extent& small = call.plan->geometry.small;
  if (call.groups == 1 && small.height == 1 && small.width == 1) {
    outer_product(call);
    return;
  }
  constexpr auto kBlocks = std::make_index_sequence<kLargestWeightBlock>();
  static constexpr std::array<WeightFunctions, kLargestTapGroup> kFunctions{
      weight_functions<1>(kBlocks), weight_functions<2>(kBlocks)};
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const LayerGeometry& geometry = call.plan->geometry;
  WeightSweep sweep;
  sweep.plan = call.plan;
  sweep.small_channel_step =
      static_cast<std::ptrdiff_t>(geometry.small.height) * geometry.small.width * kStep;
  sweep.large_channel_step =
      static_cast<std::ptrdiff_t>(geometry.large.height) * geometry.large.width * kStep;
  sweep.out_large_step = static_cast<std::ptrdiff_t>(geometry.taps()) * kStep;
  sweep.out_small_step = geometry.large.channels * sweep.out_large_step;
  sweep.group_step = call.group_step;
  const auto function = [&](const TapGroup& taps, const ChannelBlock& large) {
    return kFunctions[static_cast<std::size_t>(taps.size) - 1]
                     [static_cast<std::size_t>(call.block.size) - 1]
                     [static_cast<std::size_t>(large.size) - 1];
  };
  const std::size_t end_band = std::min(call.bands.end, call.plan->bands.size());
  for (const ChannelBlock& block : call.plan->large_blocks) {
    sweep.out = call.out + block.begin * sweep.out_large_step;
    sweep.accumulate = call.accumulate;
    for (int group = 0; group < call.groups; group += sweep.groups) {
      sweep.groups = std::min(call.plan->groups, call.groups - group);
      sweep.small =
          call.small + group * call.group_step + call.block.begin * sweep.small_channel_step;
      sweep.large = call.large + group * call.group_step + block.begin * sweep.large_channel_step;
      for (std::size_t rows = call.bands.first; rows < end_band; ++rows) {
        sweep.rows = &call.plan->bands[rows];
        for (const TapGroup& taps : call.plan->tap_groups) {
          sweep.taps = &taps;
          function(taps, block)(sweep);
        }
        sweep.accumulate = true;
      }
    }
  }
}

}  // namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_WEIGHT_INL_H
