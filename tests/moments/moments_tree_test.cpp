#include <gtest/gtest.h>

#include <bit>
#include <optional>
#include <vector>

#include "gradspace/error.h"
#include "moments/random_rows.h"

namespace gradspace {
namespace {

using testing::expect_same_bits;
using Shards = std::vector<std::optional<FeatureMoments>>;

/// Shards of different numbers of rows.
Shards random_shards(std::size_t count) {
  constexpr std::size_t kColumns = 3;
  Shards shards;
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<float> values = testing::random_rows(1 + 37 * i % 60, kColumns, i);
    shards.emplace_back(testing::moments_of_rows(values, kColumns, MomentsKind::kFourth));
  }
  return shards;
}

/// The tree as the header describes it, from the root down.
std::optional<FeatureMoments> sum_of(const Shards& shards, std::size_t begin, std::size_t end) {
  if (end - begin == 1) {
    return shards[begin];
  }
  const std::size_t middle = begin + std::bit_floor(end - begin - 1);
  std::optional<FeatureMoments> left = sum_of(shards, begin, middle);
  const std::optional<FeatureMoments> right = sum_of(shards, middle, end);
  if (left && right) {
    left->add(*right);
  }
  return left ? left : right;
}

FeatureMoments tree_of(const Shards& shards) {
  MomentsTree tree;
  for (const auto& shard : shards) {
    tree.add(shard);
  }
  return tree.finish();
}

TEST(MomentsTree, IsThatOfTheNumberOfShards) {
  for (std::size_t count = 1; count <= 20; ++count) {
    SCOPED_TRACE(count);
    const Shards shards = random_shards(count);
    expect_same_bits(tree_of(shards), *sum_of(shards, 0, count));
  }
}

TEST(MomentsTree, KeepsOthersInPlaceWhereShardsAreMissing) {
  Random random(4);
  for (int trial = 0; trial < 20; ++trial) {
    Shards shards = random_shards(13);
    for (auto& shard : shards) {
      if (random.below(3) == 0) {
        shard.reset();
      }
    }
    shards[random.below(13)] = random_shards(1).front();
    expect_same_bits(tree_of(shards), *sum_of(shards, 0, shards.size()));
  }
}

TEST(MomentsTree, OfNothingIsRefused) {
  MomentsTree tree;
  EXPECT_THROW(tree.finish(), InvalidArgument);
  tree.add(std::nullopt);
  tree.add(std::nullopt);
  EXPECT_THROW(tree.finish(), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
