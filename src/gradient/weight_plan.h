// How the gradient of a layer's weight is summed over positions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradient/geometry.h"

namespace gradspace::gradient {

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
