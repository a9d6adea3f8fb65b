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

/// What may be in use at once of the first cache, which holds 32 KiB or more.
inline constexpr std::size_t kCacheBytes = 28UL * 1024;

}  // namespace gradspace::gradient
