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
namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE {

/// Sums held in registers at once: of 16 or 32 registers, what the multiplied values leave.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kAccumulators = 24;
#else
inline constexpr int kAccumulators = 12;
#endif

/// Whether a multiply-add is rounded but once.
inline constexpr bool kFused = (HWY_TARGET & (HWY_AVX2 | HWY_AVX3 | HWY_NEON)) != 0;

/// After so many products a sum is set aside and a new one begun: rounding errors grow with the length of
/// a sum, the sooner where products are rounded too, and the gradients are differences of nearly equal
/// numbers.
inline constexpr std::ptrdiff_t kPartialSum = kFused ? 48 : 16;

/// Tiles of one block of output channels in one region.
struct TileCall {
  const Position* positions = nullptr;
  std::size_t tiles = 0;
  const Tap* taps = nullptr;
  const Tap* end_taps = nullptr;
  const float* in = nullptr;
  const float* weight = nullptr;  ///< the block's
  const float* bias = nullptr;    ///< the block's, or null
  float* out = nullptr;           ///< the block's first channel
  const float* active = nullptr;  ///< likewise, or null
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
  float* const out = call.out;
  const float* const active = call.active;
  const std::ptrdiff_t channel_step = call.out_channel_step;
  const auto offset = [&](std::size_t index) HWY_ATTR {
    return static_cast<std::ptrdiff_t>(index / kColumns) * channel_step +
           positions[index % kColumns].out;
  };
  if (call.accumulate) {
    ((sums.at[kIndex] = hn::Add(sums.at[kIndex], hn::Load(d, out + offset(kIndex)))), ...);
  } else if (call.bias != nullptr) {
    ((sums.at[kIndex] = hn::Add(sums.at[kIndex], hn::Set(d, call.bias[kIndex / kColumns]))), ...);
  }
  if (call.relu) {
    ((sums.at[kIndex] = hn::Max(sums.at[kIndex], hn::Zero(d))), ...);
  }
  if (active != nullptr) {
    ((sums.at[kIndex] = hn::IfThenElseZero(
          hn::Gt(hn::Load(d, active + offset(kIndex)), hn::Zero(d)), sums.at[kIndex])),
     ...);
  }
  (hn::Store(sums.at[kIndex], d, out + offset(kIndex)), ...);
}

/// The products of taps [tap, end).
template <int kRows, int kColumns, std::size_t... kColumn>
HWY_INLINE void multiply_taps(const TileCall& call, const std::ptrdiff_t (&offsets)[kColumns],
                              const Tap* tap, const Tap* end, TileSums<kRows, kColumns>& sums,
                              std::index_sequence<kColumn...> columns) {
  constexpr auto kRowIndices = std::make_index_sequence<kRows>();
  const float* HWY_RESTRICT in = call.in;
  const float* HWY_RESTRICT weight = call.weight;
  clear<kRows, kColumns>(sums, std::make_index_sequence<kRows * kColumns>());
  for (; tap != end; ++tap) {
    multiply_tap<kRows, kColumns>(in + tap->in, offsets,
                                  weight + static_cast<std::ptrdiff_t>(tap->weight) * kRows, sums,
                                  kRowIndices, columns);
  }
}

/// A tile with not over kPartialSum taps.
template <int kRows, int kColumns, std::size_t... kColumn>
HWY_INLINE void short_tile(const TileCall& call, const Position* positions,
                           std::index_sequence<kColumn...> columns) {
  const std::ptrdiff_t offsets[kColumns] = {positions[kColumn].in...};
  TileSums<kRows, kColumns> sums;
  multiply_taps<kRows, kColumns>(call, offsets, call.taps, call.end_taps, sums, columns);
  finish_tile<kRows, kColumns>(call, positions, sums, std::make_index_sequence<kRows * kColumns>());
}

/// A tile whose sums are set aside, so that totals are in memory.
template <int kRows, int kColumns, std::size_t... kColumn>
HWY_INLINE void long_tile(const TileCall& call, const Position* positions,
                          std::index_sequence<kColumn...> columns) {
  constexpr auto kAll = std::make_index_sequence<kRows * kColumns>();
  const std::ptrdiff_t offsets[kColumns] = {positions[kColumn].in...};
  HWY_ALIGN float totals[kRows * kColumns * kLanes];
  TileSums<kRows, kColumns> sums;
  clear<kRows, kColumns>(sums, kAll);
  const Tap* tap = call.taps;
  do {
    store_totals<kRows, kColumns>(sums, totals, kAll);
    const Tap* const end = tap + std::min(kPartialSum, call.end_taps - tap);
    multiply_taps<kRows, kColumns>(call, offsets, tap, end, sums, columns);
    add_totals<kRows, kColumns>(sums, totals, kAll);
    tap = end;
  } while (tap != call.end_taps);
  finish_tile<kRows, kColumns>(call, positions, sums, kAll);
}

template <int kRows, int kColumns>
void run_tiles(const TileCall& call) {
  constexpr auto kColumnIndices = std::make_index_sequence<kColumns>();
  // On older processors short tiles are not worth the time that a compiler takes for them.
  [[maybe_unused]] const bool is_short = call.end_taps - call.taps <= kPartialSum;
  const Position* positions = call.positions;
  for (std::size_t i = 0; i < call.tiles; ++i, positions += kColumns) {
    if constexpr (kFused) {
      if (is_short) {
        short_tile<kRows, kColumns>(call, positions, kColumnIndices);
        continue;
      }
    }
    long_tile<kRows, kColumns>(call, positions, kColumnIndices);
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

using TileFunctions = std::array<std::array<TileFunction, kLargestTile>, kLargestBlock>;

/// All positions of a region for all blocks of output channels.
void gather_region(const GatherCall& call, const Region& region, const TileFunctions& functions) {
  // Positions and taps that are done for one channel block after the other: enough to make a call
  // worth while, few enough that their inputs stay in the first cache.
  constexpr std::size_t kChunk = 24;
  constexpr int kTaps = 256;
  const GatherPlan& plan = *call.plan;
  const auto tile = static_cast<std::size_t>(region.tile);
  const bool one_block = plan.blocks.size() == 1;
  const std::size_t chunk = one_block ? region.end : kChunk / tile * tile;
  const int group = one_block ? plan.in_channels : std::max(1, kTaps / std::max(region.taps, 1));
  TileCall tiles;
  tiles.in = call.in;
  tiles.out_channel_step = static_cast<std::ptrdiff_t>(plan.out_plane * kLanes);
  for (std::size_t begin = region.begin; begin < region.end; begin += chunk) {
    const std::size_t count = std::min(chunk, region.end - begin);
    for (int channel = 0; channel < plan.in_channels; channel += group) {
      const int end = std::min(channel + group, plan.in_channels);
      const bool last = end == plan.in_channels;
      const Tap* const taps = plan.taps.data() + region.first_tap;
      tiles.taps = taps + static_cast<std::ptrdiff_t>(channel) * region.taps;
      tiles.end_taps = taps + static_cast<std::ptrdiff_t>(end) * region.taps;
      tiles.accumulate = call.accumulate || channel > 0;
      tiles.relu = call.relu && last;
      for (const ChannelBlock& block : plan.blocks) {
        tiles.weight = call.weight + block.begin * plan.in_channels *
                                         static_cast<std::ptrdiff_t>(plan.kernel_taps);
        tiles.bias = call.bias == nullptr || channel > 0 ? nullptr : call.bias + block.begin;
        tiles.out = call.out + block.begin * tiles.out_channel_step;
        tiles.active = call.active == nullptr || !last
                           ? nullptr
                           : call.active + block.begin * tiles.out_channel_step;
        const auto& of_block = functions[static_cast<std::size_t>(block.size) - 1];
        tiles.positions = plan.positions.data() + begin;
        tiles.tiles = count / tile;
        of_block[tile - 1](tiles);
        if (const std::size_t rest = count % tile; rest > 0) {
          tiles.positions += count - rest;
          tiles.tiles = 1;
          of_block[rest - 1](tiles);
        }
      }
    }
  }
}

void gather(const GatherCall& call) {
  static constexpr TileFunctions kFunctions =
      tile_functions(std::make_index_sequence<kLargestBlock>());
  const GatherPlan& plan = *call.plan;
  const std::size_t end = std::min(call.bands.end, plan.bands.size());
  for (std::size_t band = call.bands.first; band < end; ++band) {
    for (std::size_t region = plan.bands[band].first_region; region < plan.bands[band].end_region;
         ++region) {
      gather_region(call, plan.regions[region], kFunctions);
    }
  }
}

}  // namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_GATHER_INL_H
