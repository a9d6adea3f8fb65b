#include "statistics/ranks.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>
#include <utility>

#include "gradspace/error.h"
#include "statistics/key_buckets.h"
#include "statistics/rank_table.h"

namespace gradspace::quality {
namespace {

/// Keys of one bucket are counted as ties. Of the variation that ranks have without ties that may take so much,
constexpr double kLostToBuckets = 1.0 / (1 << 22);
/// and so much for each key: the root of what they take a key is the standard error of a correlation.
constexpr double kLostForEachKey = 1e-13;

/// Fewer keys than that are ranked sooner without buckets, which would often be too coarse for them.
constexpr std::size_t kLeastForBuckets = std::size_t{1} << 16;

/// The centred ranks of the buckets' keys; none where buckets are too coarse to tell them.
std::vector<std::int32_t> ranks_of_buckets(const KeyBuckets& buckets,
                                           const std::vector<std::uint32_t>& counts,
                                           std::size_t keys) {
  const auto cubed = [](double n) { return n * n * n; };
  double lost = 0;
  std::vector<std::int32_t> ranks(counts.size());
  const auto middle = static_cast<std::int64_t>(keys) + 1;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::int64_t count = counts[i];
    // Ranks before + 1 to before + count.
    ranks[i] = static_cast<std::int32_t>(2 * before + count + 1 - middle);
    before += count;
    lost += cubed(static_cast<double>(count)) - static_cast<double>(count);
  }
  for (const std::uint32_t exact : buckets.exact_buckets()) {
    const auto count = static_cast<double>(counts[exact]);
    lost -= cubed(count) - count;
  }
  const auto n = static_cast<double>(keys);
  if (lost > std::min(kLostToBuckets, kLostForEachKey * n) * cubed(n)) {
    ranks.clear();
  }
  return ranks;
}

struct RankedBuckets {
  KeyBuckets buckets;
  BucketTotals totals;  ///< of the keys and their partners
  std::vector<std::int32_t> ranks;
};

/// Nothing where the keys are few, or buckets too coarse for them.
std::optional<RankedBuckets> rank_by_buckets(std::span<const std::uint32_t> keys,
                                             std::span<const std::uint32_t> partners,
                                             std::uint32_t limit) {
  if (keys.size() < kLeastForBuckets) {
    return std::nullopt;
  }
  const KeyBuckets buckets(keys, limit);
  BucketTotals totals = buckets.totals(keys, partners);
  std::vector<std::int32_t> ranks = ranks_of_buckets(buckets, totals.counts, keys.size());
  if (ranks.empty()) {
    return std::nullopt;
  }
  return RankedBuckets{buckets, std::move(totals), std::move(ranks)};
}

/// The sum of what a bucket's partners add up to times their rank, over all buckets.
double product_of(const std::vector<std::int64_t>& sums, const std::vector<std::int32_t>& ranks) {
  double total = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    total += static_cast<double>(sums[i]) * ranks[i];
  }
  return total;
}

/// The sum of the squares of all keys' ranks: to the last digit what product_of gives where partners are the
/// ranks themselves.
double variation_of(const std::vector<std::uint32_t>& counts,
                    const std::vector<std::int32_t>& ranks) {
  double total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += static_cast<double>(std::int64_t{counts[i]} * ranks[i]) * ranks[i];
  }
  return total;
}

/// Sums of a(i) b(i) and b(i)^2 in four strands, which keeps a processor's adders busy and the order
/// of additions fixed.
template <typename A, typename B>
RankSums sums_of(std::size_t n, const A& a, const B& b) {
  constexpr std::size_t kStrands = 4;
  RankSums strands[kStrands];
  const auto add = [&](std::size_t i, RankSums& sums) {
    const double right = b(i);
    sums.common += a(i) * right;
    sums.variation += right * right;
  };
  std::size_t i = 0;
  for (; i + kStrands <= n; i += kStrands) {
    for (std::size_t strand = 0; strand < kStrands; ++strand) {
      add(i + strand, strands[strand]);
    }
  }
  for (; i < n; ++i) {
    add(i, strands[0]);
  }
  return {(strands[0].common + strands[1].common) + (strands[2].common + strands[3].common),
          (strands[0].variation + strands[1].variation) +
              (strands[2].variation + strands[3].variation)};
}

void check_variation(double a, double b) {
  if (a == 0 || b == 0) {
    throw InvalidArgument("all features are equal, so they have no rank correlation");
  }
}

}  // namespace

Ranking::Ranking(FeatureKeys keys, std::uint32_t limit) : ranks_(std::move(keys)), limit_(limit) {
  assert(size() < std::size_t{1} << 30);
  if (const auto ranked = rank_by_buckets(ranks_, {}, limit_)) {
    ranked->buckets.replace(ranked->ranks, ranks_);
    variation_ = variation_of(ranked->totals.counts, ranked->ranks);
    return;
  }
  const RankTable table(ranks_, limit_);
  for (std::uint32_t& entry : ranks_) {
    entry = static_cast<std::uint32_t>(table[entry]);
  }
  const auto rank = [this](std::size_t i) { return static_cast<double>(centred(i)); };
  variation_ = sums_of(size(), rank, rank).variation;
}

double Ranking::correlation(std::span<const std::uint32_t> keys) const {
  assert(keys.size() == size());
  const RankSums sums = sums_with(keys);
  check_variation(variation_, sums.variation);
  return sums.common / std::sqrt(variation_ * sums.variation);
}

RankSums Ranking::sums_with(std::span<const std::uint32_t> keys) const {
  if (const auto ranked = rank_by_buckets(keys, ranks_, limit_)) {
    return {product_of(ranked->totals.sums, ranked->ranks),
            variation_of(ranked->totals.counts, ranked->ranks)};
  }
  const RankTable table(keys, limit_);
  return sums_of(
      size(), [this](std::size_t i) { return static_cast<double>(centred(i)); },
      [&](std::size_t i) { return static_cast<double>(table[keys[i]]); });
}

std::vector<double> Ranking::disagreement(const Ranking& other, std::size_t group) const {
  assert(other.size() == size() && size() % group == 0);
  check_variation(variation_, other.variation_);
  // With both lists scaled to a sum of squares of 1, the squared differences add up to 2 - 2 c.
  const double our_scale = 1 / std::sqrt(variation_);
  const double their_scale = 1 / std::sqrt(other.variation_);
  std::vector<double> parts(size() / group, 0.0);
  for (std::size_t i = 0; i < size(); ++i) {
    const double difference = centred(i) * our_scale - other.centred(i) * their_scale;
    parts[i / group] += difference * difference;
  }
  for (double& part : parts) {
    part *= static_cast<double>(parts.size()) / 2;
  }
  return parts;
}

}  // namespace gradspace::quality
