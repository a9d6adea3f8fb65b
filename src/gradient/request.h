// What a request for features makes the engine do: no pass goes further than the deepest layer asked
// for, and what nobody asked for is not computed.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "gradient/network.h"
#include "gradspace/gradient.h"

namespace gradspace::gradient {

/// A backward pass. In the decoder ELBO's gradient is BCE's, so that it goes with that pass; below
/// the bottleneck each of the three has its own.
inline constexpr std::array kPasses{Loss::kBce, Loss::kKld, Loss::kElbo};

struct Request {
  /// Throws InvalidArgument when blocks do not belong to the model or their columns are not those
  /// that parse_features would give.
  Request(std::span<const FeatureBlock> blocks, const Network& network);

  /// blocks_of(pass, layer): the blocks that this layer's gradient in this pass fills.
  const std::vector<std::size_t>& blocks_of(Loss pass, std::size_t layer) const {
    return wanted[static_cast<std::size_t>(pass)][layer];
  }
  /// Whether `pass` fills a block of a layer within [begin, end).
  bool any(Loss pass, std::size_t begin, std::size_t end) const;
  /// The deepest of these layers; `end` for none.
  std::size_t deepest(Loss pass, std::size_t begin, std::size_t end) const;

  std::array<std::vector<std::vector<std::size_t>>, kPasses.size()> wanted;  ///< [pass][layer]
  std::vector<std::size_t> zero;  ///< blocks that are zero by structure
  std::vector<std::size_t> mu;
  std::vector<std::size_t> logvar;
};

}  // namespace gradspace::gradient
