#include "gradspace/feature_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/named_entries.h"
#include "data/feature_columns.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::array kLosses{Loss::kBce, Loss::kKld, Loss::kElbo};

FeatureTerm parse_term(std::string_view text, std::size_t members) {
  const std::size_t hash = text.find('#');
  if (hash == std::string_view::npos) {
    return {text, std::nullopt};
  }
  const std::string_view digits = text.substr(hash + 1);
  std::size_t member = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), member);
  if (error != std::errc() || end != digits.data() + digits.size() || member >= members) {
    throw InvalidArgument(fmt::format(
        "features: \"{}\": the model has {}", text,
        members == 1 ? "one member, #0" : fmt::format("members #0 to #{}", members - 1)));
  }
  return {text.substr(0, hash), member};
}

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

std::vector<FeatureTerm> parse_feature_terms(std::string_view request, std::size_t members) {
  std::vector<FeatureTerm> terms;
  std::size_t begin = 0;
  while (true) {
    const std::size_t comma = request.find(',', begin);
    terms.push_back(parse_term(request.substr(begin, comma - begin), members));
    if (comma == std::string_view::npos) {
      return terms;
    }
    begin = comma + 1;
  }
}

void append_block(std::vector<FeatureBlock>& blocks, FeatureBlock block) {
  const std::size_t width = block.end - block.begin;
  block.begin = dimension(blocks);
  block.end = block.begin + width;
  blocks.push_back(std::move(block));
}

void require_order(std::span<const FeatureBlock> blocks, std::size_t members,
                   std::string_view what) {
  std::size_t column = 0;
  std::size_t member = 0;
  for (const FeatureBlock& block : blocks) {
    if (block.begin != column || block.end <= block.begin) {
      throw InvalidArgument(fmt::format("{}: columns {} to {} of {}; wanted from {} on", what,
                                        block.begin, block.end, text(block), column));
    }
    if (block.member < member || block.member >= members) {
      throw InvalidArgument(fmt::format("{}: {} after columns of member {}, of {} in all", what,
                                        text(block), member, members));
    }
    column = block.end;
    member = block.member;
  }
}

std::vector<FeatureBlock> blocks_of_member(std::span<const FeatureBlock> blocks,
                                           std::size_t member) {
  std::vector<FeatureBlock> own;
  for (const FeatureBlock& block : blocks) {
    if (block.member == member) {
      append_block(own, block);
      own.back().member = 0;
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
