#include "gradspace/feature_block.h"

#include <fmt/format.h>

#include <array>

#include "core/named_entries.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::array kLosses{Loss::kBce, Loss::kKld, Loss::kElbo};

}  // namespace

std::string_view name(Loss loss) {
  switch (loss) {
    case Loss::kBce:
      return "bce";
    case Loss::kKld:
      return "kld";
    case Loss::kElbo:
      return "elbo";
  }
  throw InvalidArgument(fmt::format("loss {} is not known", static_cast<int>(loss)));
}

Loss parse_loss(std::string_view text) {
  return find_named(kLosses, text, "loss", [](Loss loss) { return name(loss); });
}

std::string text(const FeatureBlock& block) {
  return block.loss ? fmt::format("{}:{}", block.layer, name(*block.loss)) : block.layer;
}

std::string text(std::span<const FeatureBlock> blocks) {
  std::string list;
  for (const FeatureBlock& block : blocks) {
    list += (list.empty() ? "" : ",") + text(block);
  }
  return list;
}

std::size_t dimension(std::span<const FeatureBlock> blocks) {
  return blocks.empty() ? 0 : blocks.back().end;
}

}  // namespace gradspace
