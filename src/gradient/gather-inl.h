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
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::HWY_NAMESPACE {

/// Sums held in registers at once: of 16 or 32 registers, what the multiplied values leave.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kAccumulators = 24;
#else
inline constexpr int kAccumulators = 12;
#endif

/// After about so many products a sum is set aside and a new one begun: rounding errors grow with the
/// length of a sum, and the gradients are differences of nearly equal numbers.
inline constexpr int kPartialSum = 16;

/// One of the three nested loops over taps: input channels, rows, columns. A loop's steps, in floats,
/// are taken after each turn, on top of those that the loops within have taken.
struct TapLoop {
  int count = 1;
  std::ptrdiff_t in_step = 0;
  std::ptrdiff_t weight_step = 0;
};

/// Tiles of one block of output channels in one region.
struct TileCall {
  const Position* positions = nullptr;
  std::size_t tiles = 0;
  const float* in = nullptr;
  const float* weight = nullptr;  ///< the block's first channel at the region's first tap
  const float* bias = nullptr;    ///< the block's, or null
  float* out = nullptr;           ///< the block's first channel
  const float* active = nullptr;  ///< likewise, or null
  TapLoop outer;
  TapLoop middle;
  TapLoop inner;
  std::ptrdiff_t out_channel_step = 0;
  bool accumulate = false;
  bool relu = false;
};

template <int kRows, int kColumns>
struct TileSums {
  // Written out because GCC compiles a constructor of its own without the target's instructions.
  HWY_ATTR TileSums() {}
  V at[kRows * kColumns];
};

/// Keeps a value in a register: the compiler would rather read it from memory again for each of its
/// uses, which takes more loads than a processor can do beside the multiply-adds.
HWY_INLINE V in_register(V value) {
#if HWY_COMPILER_GCC && (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3)
  __asm__("" : "+v"(value.raw));
#endif
  return value;
}

// The following unroll by pack expansion, so that every index is a constant from the start and the
// sums stay in registers. Of weights and activations the fewer are held and the others streamed.

template <int kRows, int kColumns, std::size_t... kRow>
HWY_INLINE void multiply_column(V from, const V (&weights)[kRows], std::size_t column,
                                TileSums<kRows, kColumns>& sums, std::index_sequence<kRow...>) {
  const V value = kRows > 1 ? in_register(from) : from;
  ((sums.at[kRow * kColumns + column] =
        hn::MulAdd(weights[kRow], value, sums.at[kRow * kColumns + column])),
   ...);
}

template <int kRows, int kColumns, std::size_t... kColumn>
HWY_INLINE void multiply_row(V from, const V (&values)[kColumns], std::size_t row,
                             TileSums<kRows, kColumns>& sums, std::index_sequence<kColumn...>) {
  const V weight = kColumns > 1 ? in_register(from) : from;
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
HWY_INLINE void clear(TileSums<kRows, kColumns>& sums, std::index_sequence<kIndex...>) {
  ((sums.at[kIndex] = hn::Zero(D())), ...);
}

template <int kRows, int kColumns, std::size_t... kIndex>
HWY_INLINE void add_totals(TileSums<kRows, kColumns>& sums, const float* HWY_RESTRICT totals,
                           std::index_sequence<kIndex...>) {
  ((sums.at[kIndex] = hn::Add(sums.at[kIndex], hn::Load(D(), totals + kIndex * kLanes))), ...);
}

template <int kRows, int kColumns, std::size_t... kIndex>
HWY_INLINE void store_totals(const TileSums<kRows, kColumns>& sums, float* HWY_RESTRICT totals,
                             std::index_sequence<kIndex...>) {
  (hn::Store(sums.at[kIndex], D(), totals + kIndex * kLanes), ...);
}

/// Adds what the outputs begin with, applies what they end with, stores.
template <int kRows, int kColumns, std::size_t... kIndex>
HWY_INLINE void finish_tile(const TileCall& call, const Position* positions,
                            TileSums<kRows, kColumns>& sums, std::index_sequence<kIndex...>) {
  const D d;
  const auto offset = [&](std::size_t index) HWY_ATTR {
    return static_cast<std::ptrdiff_t>(index / kColumns) * call.out_channel_step +
           static_cast<std::ptrdiff_t>(positions[index % kColumns].out) *
               static_cast<std::ptrdiff_t>(kLanes);
  };
  if (call.accumulate) {
    ((sums.at[kIndex] = hn::Add(sums.at[kIndex], hn::Load(d, call.out + offset(kIndex)))), ...);
  } else if (call.bias != nullptr) {
    ((sums.at[kIndex] = hn::Add(sums.at[kIndex], hn::Set(d, call.bias[kIndex / kColumns]))), ...);
  }
  if (call.relu) {
    ((sums.at[kIndex] = hn::Max(sums.at[kIndex], hn::Zero(d))), ...);
  }
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
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const std::ptrdiff_t offsets[kColumns] = {
      (static_cast<std::ptrdiff_t>(positions[kColumn].in) - positions[0].in) * kStep...};
  HWY_ALIGN float totals[kRows * kColumns * kLanes];
  bool totals_begun = false;
  int partial = 0;
  TileSums<kRows, kColumns> sums;
  clear<kRows, kColumns>(sums, kAll);
  const float* HWY_RESTRICT in = call.in + positions[0].in * kStep;
  const float* HWY_RESTRICT weight = call.weight;
  const TapLoop inner = call.inner;
  const TapLoop middle = call.middle;
  for (int outer_left = call.outer.count; outer_left > 0; --outer_left) {
    for (int middle_left = middle.count; middle_left > 0; --middle_left) {
      if (partial >= kPartialSum) {
        if (totals_begun) {
          add_totals<kRows, kColumns>(sums, totals, kAll);
        }
        store_totals<kRows, kColumns>(sums, totals, kAll);
        clear<kRows, kColumns>(sums, kAll);
        totals_begun = true;
        partial = 0;
      }
      partial += inner.count;
      for (int inner_left = inner.count; inner_left > 0; --inner_left) {
        multiply_tap<kRows, kColumns>(in, offsets, weight, sums, kRowIndices, columns);
        in += inner.in_step;
        weight += inner.weight_step;
      }
      in += middle.in_step;
      weight += middle.weight_step;
    }
    in += call.outer.in_step;
    weight += call.outer.weight_step;
  }
  if (totals_begun) {
    add_totals<kRows, kColumns>(sums, totals, kAll);
  }
  finish_tile<kRows, kColumns>(call, positions, sums, kAll);
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

template <std::size_t... kIndex>
HWY_INLINE float multiply_adds_of(std::size_t steps, std::index_sequence<kIndex...>) {
  const D d;
  const V factor = hn::Set(d, 0.999F);
  const V term = hn::Set(d, 0.001F);
  V sums[] = {hn::Set(d, static_cast<float>(kIndex))...};
  for (std::size_t i = 0; i < steps; ++i) {
    ((sums[kIndex] = hn::MulAdd(sums[kIndex], factor, term)), ...);
  }
  V total = hn::Zero(d);
  ((total = hn::Add(total, sums[kIndex])), ...);
  return hn::GetLane(total);
}

float multiply_adds(std::size_t steps) {
  return multiply_adds_of(steps, std::make_index_sequence<kAccumulators>());
}

/// Nests the loops, the longest innermost. Their steps, given from turn to turn, become what is left
/// after the loops within.
void nest_loops(const TapLoop& channels, const TapLoop& rows, const TapLoop& columns,
                TileCall& tiles) {
  const bool channels_inside = channels.count > columns.count;
  tiles.outer = channels_inside ? rows : channels;
  tiles.middle = channels_inside ? columns : rows;
  tiles.inner = channels_inside ? channels : columns;
  tiles.outer.in_step -= tiles.middle.count * tiles.middle.in_step;
  tiles.outer.weight_step -= tiles.middle.count * tiles.middle.weight_step;
  tiles.middle.in_step -= tiles.inner.count * tiles.inner.in_step;
  tiles.middle.weight_step -= tiles.inner.count * tiles.inner.weight_step;
}

void gather(const GatherCall& call) {
  static constexpr auto kFunctions = tile_functions(std::make_index_sequence<kLargestBlock>());
  // Positions and taps that are done for one channel block after the other: enough to make a call
  // worth while, few enough that their inputs stay in the first cache.
  constexpr std::size_t kChunk = 24;
  constexpr int kTaps = 256;
  constexpr int kSingleTapGroup = 2 * kPartialSum;

  const GatherPlan& plan = *call.plan;
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  const auto taps = static_cast<std::ptrdiff_t>(plan.taps);
  TileCall tiles;
  tiles.out_channel_step = static_cast<std::ptrdiff_t>(plan.out_plane) * kStep;
  for (const Region& region : plan.regions) {
    const auto tile = static_cast<std::size_t>(region.tile);
    const int window = region.rows * region.columns;
    const bool one_block = plan.blocks.size() == 1;
    const std::size_t chunk = one_block ? region.end : kChunk / tile * tile;
    // Of a region with a single tap the channels are the only loop, and this is its partial sum.
    const int group = window <= 1 ? kSingleTapGroup
                      : one_block ? plan.in_channels
                                  : std::max(1, kTaps / window);
    for (std::size_t begin = region.begin; begin < region.end; begin += chunk) {
      const std::size_t count = std::min(chunk, region.end - begin);
      for (int channel = 0; channel < plan.in_channels; channel += group) {
        const int channels = std::min(group, plan.in_channels - channel);
        const bool last = channel + channels == plan.in_channels;
        tiles.in = call.in + channel * static_cast<std::ptrdiff_t>(plan.in_plane) * kStep;
        tiles.accumulate = call.accumulate || channel > 0;
        tiles.relu = call.relu && last;
        for (const ChannelBlock& block : plan.blocks) {
          nest_loops(
              {channels, static_cast<std::ptrdiff_t>(plan.in_plane) * kStep, taps * block.size},
              {region.rows, plan.in_row_step * kStep, plan.tap_row_step * block.size},
              {region.columns, plan.in_column_step * kStep, plan.tap_column_step * block.size},
              tiles);
          tiles.weight =
              call.weight + block.begin * plan.in_channels * taps +
              (channel * taps + static_cast<std::ptrdiff_t>(region.first_tap)) * block.size;
          tiles.bias = call.bias == nullptr || channel > 0 ? nullptr : call.bias + block.begin;
          tiles.out = call.out + block.begin * tiles.out_channel_step;
          tiles.active = call.active == nullptr || !last
                             ? nullptr
                             : call.active + block.begin * tiles.out_channel_step;
          const auto& functions = kFunctions[static_cast<std::size_t>(block.size) - 1];
          tiles.positions = plan.positions.data() + begin;
          tiles.tiles = count / tile;
          functions[tile - 1](tiles);
          if (const std::size_t rest = count % tile; rest > 0) {
            tiles.positions += count - rest;
            tiles.tiles = 1;
            functions[rest - 1](tiles);
          }
        }
      }
    }
  }
}

}  // namespace gradspace::gradient::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_GATHER_INL_H
