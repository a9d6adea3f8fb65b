// How a layer's weights tie positions of its two sides together, worked out once, away from the
// arithmetic.
//
// Convolution, transposed convolution and linear layer are one thing seen from two ends. Each has a
// small side S of A channels (a convolution's output, a transposed convolution's input, a linear
// layer's output) and a large side L of B channels, and a weight W [A, B, kernel, kernel]. Position
// (y, x) of S meets (y * stride - padding + ky, x * stride - padding + kx) of L, a "tap", where that
// lies inside L. Three operations follow:
//   to small: S[a] = sum over b and taps of L[b] W[a, b]   convolution forward, transposed backward
//   to large: L[b] = sum over a and taps of S[a] W[a, b]   transposed forward, convolution backward
//   weight:   W[a, b] = sum over positions of S[a] L[b]    the gradient, whose values are its inputs
// A linear layer has one position and kernel 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradspace/model.h"

namespace gradspace::gradient {

/// Tiles of a gather exist for up to this many output channels and positions, those of a weight
/// gradient for up to this many channels of either side; each as far as the accumulators allow.
inline constexpr int kLargestBlock = 12;
inline constexpr int kLargestTile = 8;
inline constexpr int kLargestWeightBlock = 6;
inline constexpr int kLargestTapGroup = 2;

struct LayerGeometry {
  Extent small;
  Extent large;
  int kernel = 1;
  int stride = 1;
  int padding = 0;

  std::size_t taps() const {
    return static_cast<std::size_t>(kernel) * static_cast<std::size_t>(kernel);
  }
  std::size_t weights() const {
    return static_cast<std::size_t>(small.channels) * static_cast<std::size_t>(large.channels) *
           taps();
  }
};

LayerGeometry geometry_of(const LayerInfo& layer);

enum class Direction { kToSmall, kToLarge };

/// A run of neighbouring channels that a kernel computes together.
struct ChannelBlock {
  int begin = 0;
  int size = 0;
};

/// Splits channels into as few blocks of at most `largest` as can be, of sizes as equal as can be.
std::vector<ChannelBlock> split_channels(int channels, int largest);

/// In floats of a lane group's arrays, within one channel's plane.
struct Position {
  std::int32_t in = 0;  ///< of the first tap
  std::int32_t out = 0;
};

/// One product of an output's sum.
struct Tap {
  std::int32_t in = 0;      ///< in floats, from the position's first tap in the first input channel
  std::int32_t weight = 0;  ///< input channel * taps + tap
};

/// Output positions that have the same taps, and so need no test for the border in the loop.
struct Region {
  std::size_t first_tap = 0;  ///< in GatherPlan::taps; input channel by input channel
  int taps = 0;               ///< of one input channel
  std::size_t begin = 0;      ///< first of its positions in GatherPlan::positions
  std::size_t end = 0;
  int tile = 1;  ///< positions computed together
};

/// Output rows whose values stay in the first cache with what they are made of.
struct RowBand {
  int begin = 0;
  int end = 0;
  int end_in = 0;  ///< input rows from here on are not needed yet
  std::size_t first_region = 0;
  std::size_t end_region = 0;
};

/// A "to small" or "to large" operation, for groups of so many lanes as it was planned for.
struct GatherPlan {
  Direction direction = Direction::kToSmall;
  int in_channels = 0;
  int out_channels = 0;
  std::size_t in_plane = 0;  ///< positions in a channel
  std::size_t out_plane = 0;
  std::size_t kernel_taps = 0;       ///< kernel * kernel
  std::vector<ChannelBlock> blocks;  ///< of output channels
  std::vector<RowBand> bands;
  std::vector<Region> regions;
  std::vector<Position> positions;
  std::vector<Tap> taps;

  /// Multiply-adds of one image: taps inside the image only.
  std::uint64_t multiply_adds() const;
};

/// `accumulators`: how many sums the kernels can hold in registers.
GatherPlan plan_gather(const LayerGeometry& geometry, Direction direction, int accumulators,
                       std::size_t lanes);

/// A plan for groups of `lanes` as one for groups of `other`, which computes the same in the same order.
void change_lanes(GatherPlan& plan, std::size_t lanes, std::size_t other);

/// The weight [A, B, k, k] in the order in which `plan`'s kernels read it: for each block of output
/// channels, each input channel, each tap, the block's channels side by side.
void pack_weight(const LayerGeometry& geometry, const GatherPlan& plan,
                 std::span<const float> weight, std::span<float> packed);

/// Where along an axis one tap stays inside the large side.
struct TapSpan {
  int begin = 0;  ///< of the small side
  int end = 0;
  int large = 0;  ///< the large side's coordinate that meets `begin`
};

/// Where a single tap stays inside though not all of its group do.
struct TapEdge {
  std::size_t tap = 0;  ///< within the group
  TapSpan span;
};

/// Neighbouring taps of a kernel's row that are summed together: what they meet is read once.
struct TapGroup {
  std::size_t first = 0;
  int size = 1;
  TapSpan inside;  ///< where all of them stay inside; `large` is what the first one meets
  std::vector<TapEdge> edges;
};

/// Rows whose products are summed at a time, so that they stay in the first cache.
struct WeightBand {
  std::vector<TapSpan> rows;  ///< by ky
  int end_large = 0;          ///< rows of the large side from here on are not needed yet
};

/// A "weight" operation.
struct WeightPlan {
  LayerGeometry geometry;
  std::vector<TapSpan> rows;     ///< by ky
  std::vector<TapSpan> columns;  ///< by kx
  std::vector<TapGroup> tap_groups;
  std::vector<ChannelBlock> small_blocks;
  std::vector<ChannelBlock> large_blocks;
  std::vector<WeightBand> bands;  ///< cut on the output's side, in the order of its rows
  int groups = 1;                 ///< lane groups taken at a time; over 1 only with whole planes

  std::uint64_t multiply_adds() const;
};

/// For the layer whose forward pass goes in `direction`.
WeightPlan plan_weight(const LayerGeometry& geometry, Direction direction, int accumulators,
                       std::size_t lanes);

}  // namespace gradspace::gradient
