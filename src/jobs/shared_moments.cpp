#include "gradspace/shared_moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "gradient/fixed_tree.h"
#include "gradspace/error.h"
#include "moments/moments_file.h"
#include "moments/set_moments.h"

namespace gradspace {
namespace {

using gradient::TreeNode;
using FileBytes = std::vector<std::uint8_t>;

struct SummedNode {
  TreeNode node;
  FeatureMoments sum;
};

/// The nodes of the tree over `shards` that a rank sums up.
std::vector<TreeNode> nodes_of_rank(std::size_t shards, const Ranks& ranks, int rank) {
  const auto bound = [&](int of) {
    return shards * static_cast<std::size_t>(of) / static_cast<std::size_t>(ranks.size());
  };
  std::vector<TreeNode> nodes;
  gradient::add_nodes_within({0, shards}, {bound(rank), bound(rank + 1)}, nodes);
  return nodes;
}

/// All ranks get what `owner` has in `bytes`, whose size all know.
void share_bytes(Ranks& ranks, int owner, std::span<std::byte> bytes) {
  std::vector<std::size_t> offsets;
  for (int rank = 0; rank <= ranks.size(); ++rank) {
    offsets.push_back(rank <= owner ? 0 : bytes.size());
  }
  ranks.share(bytes, offsets);
}

FeatureMoments share_moments(Ranks& ranks, int owner, const FeatureMoments* own) {
  FileBytes bytes = own == nullptr ? FileBytes() : serialise_moments(*own);
  std::uint64_t size = bytes.size();
  share_bytes(ranks, owner, std::as_writable_bytes(std::span(&size, 1)));
  bytes.resize(size);
  share_bytes(ranks, owner, std::as_writable_bytes(std::span(bytes)));
  return parse_moments(bytes, fmt::format("the moments of rank {}", owner));
}

/// The sum at a node of nodes that are known, which are used up.
FeatureMoments sum_at(const TreeNode& node, std::vector<SummedNode>& known) {
  const auto found = std::ranges::find(known, node, &SummedNode::node);
  if (found != known.end()) {
    return std::move(found->sum);
  }
  const std::size_t middle = gradient::middle_of(node);
  FeatureMoments sum = sum_at({node.begin, middle}, known);
  sum.add(sum_at({middle, node.end}, known));
  return sum;
}

FeatureMoments shared_sum(const MomentsShards& shards, Ranks& ranks) {
  std::vector<FeatureMoments> own;
  for (const TreeNode& node : nodes_of_rank(shards.count(), ranks, ranks.rank())) {
    MomentsTree tree;  // of a node as of a tree of its own
    for (std::size_t shard = node.begin; shard < node.end; ++shard) {
      tree.add(shards.moments(shard));
    }
    own.push_back(tree.finish());
  }
  std::vector<SummedNode> known;
  for (int rank = 0; rank < ranks.size(); ++rank) {
    std::size_t i = 0;
    for (const TreeNode& node : nodes_of_rank(shards.count(), ranks, rank)) {
      known.push_back(
          {node, share_moments(ranks, rank, rank == ranks.rank() ? &own[i++] : nullptr)});
    }
  }
  return sum_at({0, shards.count()}, known);
}

}  // namespace

FeatureMoments moments_of(std::span<const std::filesystem::path> sets,
                          const MomentsOptions& options, Ranks& ranks) {
  const MomentsShards shards(sets, options);
  if (shards.count() == 0) {
    throw InvalidArgument("moments: of no shard");
  }
  return in_arena(options.threads, [&] { return shared_sum(shards, ranks); });
}

}  // namespace gradspace
