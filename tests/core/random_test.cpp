#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace gradspace {
namespace {

TEST(Random, IsTheSameForOneSeedAndDiffersForAnother) {
  Random a(1);
  Random b(1);
  Random c(2);
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

TEST(Random, UniformFillsTheUnitInterval) {
  Random random(3);
  double sum = 0;
  double least = 1;
  double most = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform();
    sum += value;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  EXPECT_GE(least, 0);
  EXPECT_LT(most, 1);
  // The mean of n uniforms has standard deviation sqrt(1/12/n) = 0.0009: five of those.
  EXPECT_NEAR(sum / kDraws, 0.5, 0.0046);
}

TEST(Random, NormalHasTheRightMoments) {
  Random random(4);
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
    fourths += value * value * value * value;
  }
  // Five standard errors each: 1, sqrt 2 and sqrt 96 over sqrt n.
  EXPECT_NEAR(sum / kDraws, 0, 0.0112);
  EXPECT_NEAR(squares / kDraws, 1, 0.0159);
  EXPECT_NEAR(fourths / kDraws, 3, 0.11);
}

TEST(Random, BelowReachesEveryValueAndNoOther) {
  Random random(5);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(random.below(7));
  }
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(Permutation, HoldsEveryNumberOnce) {
  std::vector<std::uint32_t> order = permutation(1000, 6);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  EXPECT_NE(order, permutation(1000, 7));
  std::sort(order.begin(), order.end());
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(order[i], i);
  }
}

TEST(Combine, DependsOnOrder) {
  EXPECT_NE(combine(1, 2), combine(2, 1));
  EXPECT_NE(hash_text("train/a"), hash_text("val/a"));
}

}  // namespace
}  // namespace gradspace
