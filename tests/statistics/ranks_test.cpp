#include "statistics/ranks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/random.h"
#include "gradspace/agreement.h"
#include "gradspace/error.h"
#include "statistics/keys.h"

namespace gradspace::quality {
namespace {

/// Ranks.h's bound.
constexpr double kTolerance = 1e-6;

std::vector<double> numbers(const FeatureKeys& keys) {
  return {keys.begin(), keys.end()};
}

constexpr int kShapes = 5;

/// Keys of the shapes that sorting meets: anywhere, crowded, few values, many zeros.
FeatureKeys random_keys(std::size_t n, int shape, std::uint64_t seed) {
  Random random(seed);
  FeatureKeys keys(n);
  for (std::uint32_t& key : keys) {
    switch (shape) {
      case 0:
        key = static_cast<std::uint32_t>(random.below(kKeyLimit));
        break;
      case 1:
        key = static_cast<std::uint32_t>(70'000'000 + random.below(2000));
        break;
      case 2:  // close together but for the ties, as the gradient score's features lie
        key = random.chance(0.4)
                  ? 90'000'000U + 8'000'000U * static_cast<std::uint32_t>(random.below(2))
                  : static_cast<std::uint32_t>(70'000'000 + random.below(20'000'000));
        break;
      case 3:
        key = static_cast<std::uint32_t>(random.below(3) * (kKeyLimit / 3));
        break;
      default:
        key = random.chance(0.7) ? 0 : static_cast<std::uint32_t>(random.below(kKeyLimit));
    }
  }
  return keys;
}

TEST(Ranks, CorrelationIsSpearmans) {
  for (int shape = 0; shape < kShapes; ++shape) {
    for (const std::size_t n : {2U, 3U, 100U, 5000U, 60'000U, 600'000U}) {
      FeatureKeys a = random_keys(n, shape, n);
      FeatureKeys b = random_keys(n, (shape + 1) % kShapes, n + 1);
      // Some agreement, and never all equal.
      std::copy_n(a.begin(), n / 3, b.begin());
      a.front() = 1;
      a.back() = 2;
      b.front() = 5;
      b.back() = 3;
      const auto expected = spearman_correlation(numbers(a), numbers(b));
      ASSERT_TRUE(expected.has_value());
      EXPECT_NEAR(Ranking(a).correlation(b), *expected, kTolerance) << shape << ", " << n;
    }
  }
}

TEST(Ranks, AreMeanRanks) {
  const Ranking ranking({7, 0, 9, 7, 0, 7, kKeyLimit - 1});
  // Ranks 4, 1.5, 6, 4, 1.5, 4, 7: twice that, less 8.
  const std::vector<std::int64_t> expected{0, -5, 4, 0, -5, 0, 6};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(ranking.centred(i), expected[i]);
  }
}

TEST(Ranks, EqualListsCorrelateExactly) {
  for (int shape = 0; shape < kShapes; ++shape) {
    const FeatureKeys keys = random_keys(300'000, shape, 8);
    EXPECT_EQ(Ranking(keys).correlation(keys), 1.0);
  }
}

TEST(Ranks, RefuseListsWithoutOrder) {
  const FeatureKeys flat(10, 3);
  FeatureKeys rising(10);
  std::iota(rising.begin(), rising.end(), 0U);
  EXPECT_THROW(Ranking(flat).correlation(rising), InvalidArgument);
  EXPECT_THROW(Ranking(rising).correlation(flat), InvalidArgument);
}

TEST(Ranks, DisagreementAddsUpToWhatCorrelationLacks) {
  constexpr std::size_t kGroup = 10;
  const FeatureKeys a = random_keys(400, 0, 1);
  FeatureKeys b = a;
  std::reverse(b.begin() + 100, b.begin() + 140);
  const Ranking ours(a);
  const std::vector<double> parts = ours.disagreement(Ranking(b), kGroup);
  ASSERT_EQ(parts.size(), 40U);
  const double mean = std::accumulate(parts.begin(), parts.end(), 0.0) / 40;
  EXPECT_NEAR(mean, 1 - ours.correlation(b), 1e-12);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i] > 0, i >= 10 && i < 14) << i;
  }
}

}  // namespace
}  // namespace gradspace::quality
