#include "gradient/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradspace/error.h"

namespace gradspace::gradient {
namespace {

/// The columns a block of this kind has. Throws InvalidArgument for one the model does not have.
std::size_t columns(const FeatureBlock& block, const AutoencoderSpec& spec) {
  const std::vector<FeatureBlock> wanted = parse_features(text(block), spec);
  if (wanted.size() != 1) {
    throw InvalidArgument(fmt::format("features: \"{}\" is not one layer's block", text(block)));
  }
  return wanted.front().end;
}

}  // namespace

Request::Request(std::span<const FeatureBlock> blocks, const Network& network) {
  for (auto& layers : wanted) {
    layers.resize(network.layers().size());
  }
  std::size_t begin = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const FeatureBlock& block = blocks[i];
    const std::size_t end = begin + columns(block, network.spec());
    if (block.begin != begin || block.end != end) {
      throw InvalidArgument(fmt::format("features: {} has columns {} to {}; they must be {} to {}",
                                        text(block), block.begin, block.end, begin, end));
    }
    begin = end;
    if (!block.loss) {
      (block.layer == "mu" ? mu : logvar).push_back(i);
      continue;
    }
    const auto layer = static_cast<std::size_t>(
        std::ranges::find(network.layers(), block.layer, &Layer::name) - network.layers().begin());
    const bool decoder = layer >= network.decoder_begin();
    const bool logvar_head = network.bottleneck() && layer == network.fc12();
    if ((*block.loss == Loss::kKld && decoder) || (*block.loss == Loss::kBce && logvar_head)) {
      zero.push_back(i);
      continue;
    }
    const Loss pass = *block.loss == Loss::kElbo && decoder       ? Loss::kBce
                      : *block.loss == Loss::kElbo && logvar_head ? Loss::kKld
                                                                  : *block.loss;
    wanted[static_cast<std::size_t>(pass)][layer].push_back(i);
  }
}

std::size_t Request::deepest(Loss pass, std::size_t begin, std::size_t end) const {
  for (std::size_t layer = begin; layer < end; ++layer) {
    if (!blocks_of(pass, layer).empty()) {
      return layer;
    }
  }
  return end;
}

bool Request::any(Loss pass, std::size_t begin, std::size_t end) const {
  return deepest(pass, begin, end) < end;
}

}  // namespace gradspace::gradient
