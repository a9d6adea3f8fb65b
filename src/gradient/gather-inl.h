// The forward and backward pass of a layer. Included once for every instruction set.
#if defined(GRADSPACE_GRADIENT_GATHER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_GRADIENT_GATHER_INL_H
#undef GRADSPACE_GRADIENT_GATHER_INL_H
#else
#define GRADSPACE_GRADIENT_GATHER_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "gradient/kernels.h"
#include "gradient/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::HWY_NAMESPACE {

/// Sums held in registers at once: of 16 or 32 registers, what the multiplied values leave.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kAccumulators = 24;
#else
inline constexpr int kAccumulators = 12;
#endif

/// Tiles of one block of output channels in one region. Steps are in floats.
struct TileCall {
  const Position* positions = nullptr;
  std::size_t tiles = 0;
  const float* in = nullptr;
  const float* weight = nullptr;  ///< the block's first channel at the region's first tap
  const float* bias = nullptr;    ///< the block's, or null
  float* out = nullptr;           ///< the block's first channel
  const float* active = nullptr;  ///< likewise, or null
  int channels = 0;
  int rows = 0;
  int columns = 0;
  std::ptrdiff_t in_channel_step = 0;
  std::ptrdiff_t in_row_step = 0;
  std::ptrdiff_t in_column_step = 0;
  std::ptrdiff_t weight_channel_step = 0;
  std::ptrdiff_t weight_row_step = 0;
  std::ptrdiff_t weight_column_step = 0;
  std::ptrdiff_t out_channel_step = 0;
  bool accumulate = false;
  bool relu = false;
};

template <int kRows, int kColumns>
struct TileSums {
  V at[kRows * kColumns];
};

// The following unroll by pack expansion, so that every index is a constant from the start and the
// sums stay in registers. Of weights and activations the fewer are held and the others streamed.

template <int kRows, int kColumns, std::size_t... kRow>
HWY_INLINE void multiply_column(V value, const V (&weights)[kRows], std::size_t column,
                                TileSums<kRows, kColumns>& sums, std::index_sequence<kRow...>) {
  ((sums.at[kRow * kColumns + column] =
        hn::MulAdd(weights[kRow], value, sums.at[kRow * kColumns + column])),
   ...);
}

template <int kRows, int kColumns, std::size_t... kColumn>
HWY_INLINE void multiply_row(V weight, const V (&values)[kColumns], std::size_t row,
                             TileSums<kRows, kColumns>& sums, std::index_sequence<kColumn...>) {
  ((sums.at[row * kColumns + kColumn] =
        hn::MulAdd(weight, values[kColumn], sums.at[row * kColumns + kColumn])),
   ...);
}

/// One tap: kRows output channels times kColumns positions.
template <int kRows, int kColumns, std::size_t... kRow, std::size_t... kColumn>
HWY_INLINE void multiply_tap(const float* HWY_RESTRICT in,
                             const std::ptrdiff_t (&offsets)[kColumns],
                             const float* HWY_RESTRICT weight, TileSums<kRows, kColumns>& sums,
                             std::index_sequence<kRow...> rows,
                             std::index_sequence<kColumn...> columns) {
  const D d;
  if constexpr (kRows <= kColumns) {
    const V weights[kRows] = {hn::Set(d, weight[kRow])...};
    (multiply_column<kRows, kColumns>(hn::Load(d, in + offsets[kColumn]), weights, kColumn, sums,
                                      rows),
     ...);
  } else {
    const V values[kColumns] = {hn::Load(d, in + offsets[kColumn])...};
    (multiply_row<kRows, kColumns>(hn::Set(d, weight[kRow]), values, kRow, sums, columns), ...);
  }
}

template <int kRows, int kColumns, std::size_t... kIndex>
HWY_INLINE void begin_tile(const TileCall& call, const Position* positions,
                           TileSums<kRows, kColumns>& sums, std::index_sequence<kIndex...>) {
  const D d;
  if (call.accumulate) {
    ((sums.at[kIndex] = hn::Load(
          d, call.out + static_cast<std::ptrdiff_t>(kIndex / kColumns) * call.out_channel_step +
                 static_cast<std::ptrdiff_t>(positions[kIndex % kColumns].out) *
                     static_cast<std::ptrdiff_t>(kLanes))),
     ...);
  } else if (call.bias != nullptr) {
    ((sums.at[kIndex] = hn::Set(d, call.bias[kIndex / kColumns])), ...);
  } else {
    ((sums.at[kIndex] = hn::Zero(d)), ...);
  }
}

template <int kRows, int kColumns, std::size_t... kIndex>
HWY_INLINE void end_tile(const TileCall& call, const Position* positions,
                         TileSums<kRows, kColumns>& sums, std::index_sequence<kIndex...>) {
  const D d;
  if (call.relu) {
    ((sums.at[kIndex] = hn::Max(sums.at[kIndex], hn::Zero(d))), ...);
  }
  const auto offset = [&](std::size_t index) HWY_ATTR {
    return static_cast<std::ptrdiff_t>(index / kColumns) * call.out_channel_step +
           static_cast<std::ptrdiff_t>(positions[index % kColumns].out) *
               static_cast<std::ptrdiff_t>(kLanes);
  };
  if (call.active != nullptr) {
    ((sums.at[kIndex] = hn::IfThenElseZero(
          hn::Gt(hn::Load(d, call.active + offset(kIndex)), hn::Zero(d)), sums.at[kIndex])),
     ...);
  }
  (hn::Store(sums.at[kIndex], d, call.out + offset(kIndex)), ...);
}

template <int kRows, int kColumns, std::size_t... kColumn>
HWY_INLINE void tile(const TileCall& call, const Position* positions,
                     std::index_sequence<kColumn...> columns) {
  constexpr auto kAll = std::make_index_sequence<kRows * kColumns>();
  constexpr auto kRowIndices = std::make_index_sequence<kRows>();
  TileSums<kRows, kColumns> sums;
  begin_tile<kRows, kColumns>(call, positions, sums, kAll);
  const std::ptrdiff_t offsets[kColumns] = {
      (static_cast<std::ptrdiff_t>(positions[kColumn].in) - positions[0].in) *
      static_cast<std::ptrdiff_t>(kLanes)...};
  const float* channel_in =
      call.in + static_cast<std::ptrdiff_t>(positions[0].in) * static_cast<std::ptrdiff_t>(kLanes);
  const float* channel_weight = call.weight;
  for (int channel = 0; channel < call.channels; ++channel) {
    const float* row_in = channel_in;
    const float* row_weight = channel_weight;
    for (int row = 0; row < call.rows; ++row) {
      const float* in = row_in;
      const float* weight = row_weight;
      for (int column = 0; column < call.columns; ++column) {
        multiply_tap<kRows, kColumns>(in, offsets, weight, sums, kRowIndices, columns);
        in += call.in_column_step;
        weight += call.weight_column_step;
      }
      row_in += call.in_row_step;
      row_weight += call.weight_row_step;
    }
    channel_in += call.in_channel_step;
    channel_weight += call.weight_channel_step;
  }
  end_tile<kRows, kColumns>(call, positions, sums, kAll);
}

template <int kRows, int kColumns>
void run_tiles(const TileCall& call) {
  const Position* positions = call.positions;
  for (std::size_t i = 0; i < call.tiles; ++i) {
    tile<kRows, kColumns>(call, positions, std::make_index_sequence<kColumns>());
    positions += kColumns;
  }
}

using TileFunction = void (*)(const TileCall&);

template <int kRows, std::size_t... kColumn>
constexpr std::array<TileFunction, kLargestTile> tile_functions_of(
    std::index_sequence<kColumn...>) {
  const auto function = []<int kColumns>(std::integral_constant<int, kColumns>) -> TileFunction {
    if constexpr (kRows * kColumns <= kAccumulators) {
      return &run_tiles<kRows, kColumns>;
    } else {
      return nullptr;
    }
  };
  return {function(std::integral_constant<int, static_cast<int>(kColumn) + 1>())...};
}

template <std::size_t... kRow>
constexpr std::array<std::array<TileFunction, kLargestTile>, kLargestBlock> tile_functions(
    std::index_sequence<kRow...>) {
  return {
      tile_functions_of<static_cast<int>(kRow) + 1>(std::make_index_sequence<kLargestTile>())...};
}

void gather(const GatherCall& call) {
  static constexpr auto kFunctions = tile_functions(std::make_index_sequence<kLargestBlock>());
  // Positions whose channel blocks are done one after the other: enough to make a call worth while,
  // few enough that their inputs stay in the first cache.
  constexpr std::size_t kChunk = 48;

  const GatherPlan& plan = *call.plan;
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  TileCall tiles;
  tiles.in = call.in;
  tiles.channels = plan.in_channels;
  tiles.in_channel_step = static_cast<std::ptrdiff_t>(plan.in_plane) * kStep;
  tiles.in_row_step = plan.in_row_step * kStep;
  tiles.in_column_step = plan.in_column_step * kStep;
  tiles.out_channel_step = static_cast<std::ptrdiff_t>(plan.out_plane) * kStep;
  tiles.accumulate = call.accumulate;
  tiles.relu = call.relu;
  const std::size_t block_weights = static_cast<std::size_t>(plan.in_channels) * plan.taps;

  for (const Region& region : plan.regions) {
    tiles.rows = region.rows;
    tiles.columns = region.columns;
    const auto tile = static_cast<std::size_t>(region.tile);
    const std::size_t chunk = plan.blocks.size() == 1 ? region.end : kChunk / tile * tile;
    for (std::size_t begin = region.begin; begin < region.end; begin += chunk) {
      const std::size_t count = std::min(chunk, region.end - begin);
      for (const ChannelBlock& block : plan.blocks) {
        const auto first = static_cast<std::size_t>(block.begin);
        const auto size = static_cast<std::size_t>(block.size);
        tiles.weight = call.weight + first * block_weights + region.first_tap * size;
        tiles.weight_column_step = plan.tap_column_step * block.size;
        tiles.weight_row_step = plan.tap_row_step * block.size;
        tiles.weight_channel_step =
            static_cast<std::ptrdiff_t>(plan.taps) * static_cast<std::ptrdiff_t>(size);
        tiles.bias = call.bias == nullptr ? nullptr : call.bias + first;
        const std::size_t plane_offset = first * plan.out_plane * kLanes;
        tiles.out = call.out + plane_offset;
        tiles.active = call.active == nullptr ? nullptr : call.active + plane_offset;

        tiles.positions = plan.positions.data() + begin;
        tiles.tiles = count / tile;
        kFunctions[size - 1][tile - 1](tiles);
        if (const std::size_t rest = count % tile; rest > 0) {
          tiles.positions += count - rest;
          tiles.tiles = 1;
          kFunctions[size - 1][rest - 1](tiles);
        }
      }
    }
  }
}

}  // namespace gradspace::gradient::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_GATHER_INL_H
