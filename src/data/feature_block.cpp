#include "gradspace/feature_block.h"

#include <fmt/format.h>

#include <algorithm>
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
  std::string text =
      block.loss ? fmt::format("{}:{}", block.layer, name(*block.loss)) : block.layer;
  return block.member == 0 ? text : fmt::format("{}#{}", text, block.member);
}

std::string text(std::span<const FeatureBlock> blocks) {
  std::string list;
  for (const FeatureBlock& block : blocks) {
    list += (list.empty() ? "" : ",") + text(block);
  }
  return list;
}

std::vector<FeatureBlock> blocks_of_member(std::span<const FeatureBlock> blocks,
                                           std::size_t member) {
  std::vector<FeatureBlock> own;
  for (const FeatureBlock& block : blocks) {
    if (block.member == member) {
      const std::size_t begin = dimension(own);
      own.push_back({block.layer, block.loss, begin, begin + block.end - block.begin});
    }
  }
  return own;
}

std::size_t member_count(std::span<const FeatureBlock> blocks) {
  std::size_t count = 1;
  for (const FeatureBlock& block : blocks) {
    count = std::max(count, block.member + 1);
  }
  return count;
}

std::size_t dimension(std::span<const FeatureBlock> blocks) {
  return blocks.empty() ? 0 : blocks.back().end;
}

}  // namespace gradspace
