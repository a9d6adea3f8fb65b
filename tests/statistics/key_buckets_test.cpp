#include "statistics/key_buckets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/random.h"
#include "gradspace/threads.h"

namespace gradspace::quality {
namespace {

constexpr std::uint32_t kLimit = 100'000'000;

/// As features lie: most close together, some anywhere, many equal to one of `ties` numbers.
std::vector<std::uint32_t> feature_keys(std::size_t n, std::size_t ties) {
  Random random(7);
  std::vector<std::uint32_t> keys(n);
  for (std::uint32_t& key : keys) {
    const auto tie = static_cast<std::uint32_t>(ties == 0 ? 0 : random.below(ties));
    key = ties > 0 && random.chance(0.4) ? 20'000'000 * tie
          : random.chance(0.9) ? static_cast<std::uint32_t>(50'000'000 + random.below(9'000'000))
                               : static_cast<std::uint32_t>(random.below(kLimit));
  }
  return keys;
}

TEST(KeyBuckets, AreInTheOrderOfTheKeys) {
  for (std::size_t ties = 0; ties < 4; ++ties) {
    std::vector<std::uint32_t> keys = feature_keys(20'000, ties);
    const KeyBuckets buckets(keys, kLimit);
    EXPECT_EQ(buckets.exact_buckets().size(), ties);
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 1; i < keys.size(); ++i) {
      ASSERT_LE(buckets.bucket_of(keys[i - 1]), buckets.bucket_of(keys[i]));
    }
    EXPECT_LT(buckets.bucket_of(kLimit - 1), buckets.size());
  }
}

TEST(KeyBuckets, HoldAFrequentKeyAlone) {
  const KeyBuckets buckets(feature_keys(20'000, 3), kLimit);
  for (const std::uint32_t key : {20'000'000U, 40'000'000U}) {
    EXPECT_LT(buckets.bucket_of(key - 1), buckets.bucket_of(key));
    EXPECT_GT(buckets.bucket_of(key + 1), buckets.bucket_of(key));
  }
}

/// Some numbers of keys fill no vector, one takes several ranges.
TEST(KeyBuckets, TotalWhatIsInThem) {
  for (const std::size_t n : {1U, 15U, 16U, 1000U, 1025U, 5'000'003U}) {
    for (std::size_t ties = 0; ties < 4; ++ties) {
      const std::vector<std::uint32_t> keys = feature_keys(n, ties);
      std::vector<std::uint32_t> partners(n);
      for (std::size_t i = 0; i < n; ++i) {
        partners[i] =
            static_cast<std::uint32_t>(static_cast<std::int32_t>(i * 977 % 2'000'003) - 1'000'000);
      }
      const KeyBuckets buckets(keys, kLimit);
      BucketTotals expected(buckets.size(), true);
      for (std::size_t i = 0; i < n; ++i) {
        ++expected.counts[buckets.bucket_of(keys[i])];
        expected.sums[buckets.bucket_of(keys[i])] += static_cast<std::int32_t>(partners[i]);
      }
      const BucketTotals with = buckets.totals(keys, partners);
      EXPECT_EQ(with.counts, expected.counts) << n << ", " << ties;
      EXPECT_EQ(with.sums, expected.sums) << n << ", " << ties;
      EXPECT_EQ(buckets.totals(keys, {}).counts, expected.counts) << n << ", " << ties;
    }
  }
}

TEST(KeyBuckets, ReplaceKeysByWhatTheirBucketsHold) {
  for (const std::size_t n : {1U, 17U, 5000U}) {
    std::vector<std::uint32_t> keys = feature_keys(n, 2);
    const KeyBuckets buckets(keys, kLimit);
    std::vector<std::int32_t> values(buckets.size());
    std::iota(values.begin(), values.end(), -1000);
    std::vector<std::uint32_t> expected;
    for (const std::uint32_t key : keys) {
      expected.push_back(static_cast<std::uint32_t>(values[buckets.bucket_of(key)]));
    }
    buckets.replace(values, keys);
    EXPECT_EQ(keys, expected);
  }
}

}  // namespace
}  // namespace gradspace::quality
