// How the outputs of a layer, in either direction, are gathered from its inputs: which taps reach which
// position, and which positions are computed together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradient/geometry.h"

namespace gradspace::gradient {

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

/// Bytes that a plan's lists of taps take at most.
double tap_list_bytes(const LayerGeometry& geometry, Direction direction);

/// A plan for groups of `lanes` as one for groups of `other`, which computes the same in the same order.
void change_lanes(GatherPlan& plan, std::size_t lanes, std::size_t other);

/// The weight [A, B, k, k] in the order in which `plan`'s kernels read it: for each block of output
/// channels, each input channel, each tap, the block's channels side by side.
void pack_weight(const LayerGeometry& geometry, const GatherPlan& plan,
                 std::span<const float> weight, std::span<float> packed);

}  // namespace gradspace::gradient
