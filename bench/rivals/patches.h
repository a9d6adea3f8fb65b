// Layers as products of matrices: what each output or weight is a sum of, side by side in memory ("im2col").
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gradient/geometry.h"

namespace gradspace::rivals {

/// Outputs that are one product of matrices: those of a layer "to small" all together, those of a layer "to large"
/// where its taps meet the same remainder of the stride.
struct Phase {
  std::size_t terms = 0;                ///< of an output's sum: input channels times taps
  std::vector<std::size_t> outputs;     ///< the places within a channel, of so many positions
  std::vector<std::ptrdiff_t> sources;  ///< [terms, positions]: places in the input; -1 is outside
  std::vector<std::size_t> weights;     ///< [terms]: places in W of output channel 0

  std::size_t positions() const { return outputs.size(); }
};

/// A convolution's or transposed convolution's phases.
std::vector<Phase> phases(const gradient::LayerGeometry& geometry, gradient::Direction direction);

/// For each position of the small side what it meets on the large one, [positions, B * taps], zeros outside. Of one
/// image [B, H, W].
void put_patches(const gradient::LayerGeometry& geometry, const float* large, float* patches);

}  // namespace gradspace::rivals
