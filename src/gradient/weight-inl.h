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

/// One tap's sums over a rectangle of positions, for a block of channels of either side. Steps are in
/// floats.
struct WeightTile {
  const float* small = nullptr;
  const float* large = nullptr;
  float* out = nullptr;
  int rows = 0;
  int columns = 0;
  std::ptrdiff_t small_channel_step = 0;
  std::ptrdiff_t large_channel_step = 0;
  std::ptrdiff_t small_row_step = 0;
  std::ptrdiff_t large_row_step = 0;
  std::ptrdiff_t large_column_step = 0;
  std::ptrdiff_t out_small_step = 0;  ///< from one small channel to the next
  std::ptrdiff_t out_large_step = 0;
  bool accumulate = false;
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
HWY_INLINE void weight_tile_sums(const WeightTile& call, std::index_sequence<kIndex...>) {
  const D d;
  constexpr auto kRows = std::make_index_sequence<kSmall>();
  constexpr auto kColumns = std::make_index_sequence<kLarge>();
  const auto offset = [&](std::size_t index) HWY_ATTR {
    return static_cast<std::ptrdiff_t>(index / kLarge) * call.out_small_step +
           static_cast<std::ptrdiff_t>(index % kLarge) * call.out_large_step;
  };
  TileSums<kSmall, kLarge> sums;
  if (call.accumulate) {
    ((sums.at[kIndex] = hn::Load(d, call.out + offset(kIndex))), ...);
  } else {
    ((sums.at[kIndex] = hn::Zero(d)), ...);
  }
  const float* small_row = call.small;
  const float* large_row = call.large;
  for (int y = 0; y < call.rows; ++y) {
    const float* small = small_row;
    const float* large = large_row;
    for (int x = 0; x < call.columns; ++x) {
      multiply_position<kSmall, kLarge>(small, call.small_channel_step, large,
                                        call.large_channel_step, sums, kRows, kColumns);
      small += kLanes;
      large += call.large_column_step;
    }
    small_row += call.small_row_step;
    large_row += call.large_row_step;
  }
  (hn::Store(sums.at[kIndex], d, call.out + offset(kIndex)), ...);
}

template <int kSmall, int kLarge>
void weight_tile(const WeightTile& call) {
  weight_tile_sums<kSmall, kLarge>(call, std::make_index_sequence<kSmall * kLarge>());
}

using WeightTileFunction = void (*)(const WeightTile&);

template <int kSmall, std::size_t... kB>
constexpr std::array<WeightTileFunction, kLargestWeightBlock> weight_tiles_of(
    std::index_sequence<kB...>) {
  const auto function = []<int kLarge>(std::integral_constant<int, kLarge>) -> WeightTileFunction {
    if constexpr (kSmall * kLarge <= kAccumulators) {
      return &weight_tile<kSmall, kLarge>;
    } else {
      return nullptr;
    }
  };
  return {function(std::integral_constant<int, static_cast<int>(kB) + 1>())...};
}

template <std::size_t... kA>
constexpr std::array<std::array<WeightTileFunction, kLargestWeightBlock>, kLargestWeightBlock>
weight_tiles(std::index_sequence<kA...>) {
  return {weight_tiles_of<static_cast<int>(kA) + 1>(
      std::make_index_sequence<kLargestWeightBlock>())...};
}

/// All taps of one pair of channel blocks over the small side's rows [begin, end).
void weight_band(const WeightPlan& plan, WeightTileFunction function, WeightTile tile,
                 const WeightCall& call, int begin, int end, const float* small,
                 const float* large) {
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const LayerGeometry& geometry = plan.geometry;
  tile.accumulate = call.accumulate || begin > 0;
  float* const out = tile.out;
  std::ptrdiff_t tap = 0;
  for (const TapSpan& row : plan.rows) {
    const int first = std::max(row.begin, begin);
    const int rows = std::max(std::min(row.end, end) - first, 0);
    for (const TapSpan& column : plan.columns) {
      tile.rows = rows;
      tile.columns = rows == 0 ? 0 : column.end - column.begin;
      tile.out = out + tap * kStep;
      ++tap;
      if (tile.columns == 0) {
        if (tile.accumulate) {
          continue;
        }
        tile.rows = 0;
        tile.small = small;
        tile.large = large;
      } else {
        const std::ptrdiff_t large_y =
            row.large + static_cast<std::ptrdiff_t>(first - row.begin) * geometry.stride;
        tile.small =
            small +
            (static_cast<std::ptrdiff_t>(first) * geometry.small.width + column.begin) * kStep;
        tile.large = large + (large_y * geometry.large.width + column.large) * kStep;
      }
      function(tile);
    }
  }
}

void weight_gradient(const WeightCall& call) {
  static constexpr auto kFunctions = weight_tiles(std::make_index_sequence<kLargestWeightBlock>());
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const WeightPlan& plan = *call.plan;
  const LayerGeometry& geometry = plan.geometry;
  const auto taps = static_cast<std::ptrdiff_t>(geometry.taps());
  WeightTile tile;
  tile.small_channel_step =
      static_cast<std::ptrdiff_t>(geometry.small.height) * geometry.small.width * kStep;
  tile.large_channel_step =
      static_cast<std::ptrdiff_t>(geometry.large.height) * geometry.large.width * kStep;
  tile.small_row_step = geometry.small.width * kStep;
  tile.large_row_step = static_cast<std::ptrdiff_t>(geometry.large.width) * geometry.stride * kStep;
  tile.large_column_step = geometry.stride * kStep;
  tile.out_large_step = taps * kStep;
  tile.out_small_step = geometry.large.channels * tile.out_large_step;
  const float* const small = call.small + call.block.begin * tile.small_channel_step;
  for (const ChannelBlock& block : plan.large_blocks) {
    const float* const large = call.large + block.begin * tile.large_channel_step;
    const WeightTileFunction function = kFunctions[static_cast<std::size_t>(call.block.size) - 1]
                                                  [static_cast<std::size_t>(block.size) - 1];
    for (int begin = 0; begin < geometry.small.height; begin += plan.band) {
      const int end = std::min(begin + plan.band, geometry.small.height);
      tile.out = call.out + block.begin * tile.out_large_step;
      weight_band(plan, function, tile, call, begin, end, small, large);
    }
  }
}

}  // namespace gradspace::gradient::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_WEIGHT_INL_H
