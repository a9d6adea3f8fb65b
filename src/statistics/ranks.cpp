#include "statistics/ranks.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "gradspace/error.h"
#include "statistics/keys.h"

namespace gradspace::quality {
namespace {

constexpr int kBucketBits = 9;
constexpr std::uint32_t kBucketSize = 1U << kBucketBits;

/// The share of all keys that makes a bucket crowded.
constexpr std::size_t kCrowded = 4096;

/// Centred ranks by key.
class RankTable {
 public:
  RankTable(std::span<const std::uint32_t> keys, std::uint32_t limit)
      : places_((limit >> kBucketBits) + 1, 0) {
    for (const std::uint32_t key : keys) {
      ++places_[key >> kBucketBits];
    }
    ranks_.resize(assign_places(keys.size() / kCrowded), 0);
    for (const std::uint32_t key : keys) {
      ++ranks_[place(key)];
    }
    const auto middle = static_cast<std::int64_t>(keys.size()) + 1;
    std::int64_t before = 0;
    for (std::int32_t& entry : ranks_) {
      const std::int64_t count = entry;
      // Ranks before + 1 to before + count.
      entry = static_cast<std::int32_t>(2 * before + count + 1 - middle);
      before += count;
    }
  }

  std::int32_t operator[](std::uint32_t key) const { return ranks_[place(key)]; }

 private:
  /// A bucket's place: where its ranks begin, and in the lowest bit whether each of its keys has one.
  std::uint32_t place(std::uint32_t key) const {
    const std::uint32_t bucket = places_[key >> kBucketBits];
    return (bucket >> 1) + (key % kBucketSize & (0U - (bucket & 1U)));
  }

  /// Turns counts into places; returns how many ranks there are.
  std::uint32_t assign_places(std::size_t crowd) {
    std::uint32_t next = 0;
    for (std::uint32_t& entry : places_) {
      const std::uint32_t count = entry;
      const bool crowded = count > 1 && count > crowd;
      entry = next << 1 | (crowded ? 1U : 0U);
      next += crowded ? kBucketSize : (count > 0 ? 1U : 0U);
    }
    return next;
  }

  std::vector<std::uint32_t> places_;
  std::vector<std::int32_t> ranks_;
};

struct Sums {
  double common = 0;
  double variation = 0;
};

/// Sums of a(i) b(i) and b(i)^2 in four strands, which keeps a processor's adders busy and the order
/// of additions fixed.
template <typename A, typename B>
Sums sums_of(std::size_t n, const A& a, const B& b) {
  constexpr std::size_t kStrands = 4;
  Sums strands[kStrands];
  const auto add = [&](std::size_t i, Sums& sums) {
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

Ranking::Ranking(std::vector<std::uint32_t> keys, std::uint32_t limit)
    : ranks_(std::move(keys)), limit_(limit) {
  assert(size() < std::size_t{1} << 30);
  const RankTable table(ranks_, limit_);
  for (std::uint32_t& entry : ranks_) {
    entry = static_cast<std::uint32_t>(table[entry]);
  }
  const auto rank = [this](std::size_t i) { return static_cast<double>(centred(i)); };
  variation_ = sums_of(size(), rank, rank).variation;
}

double Ranking::correlation(std::span<const std::uint32_t> keys) const {
  assert(keys.size() == size());
  const RankTable table(keys, limit_);
  const Sums sums = sums_of(
      size(), [this](std::size_t i) { return static_cast<double>(centred(i)); },
      [&](std::size_t i) { return static_cast<double>(table[keys[i]]); });
  check_variation(variation_, sums.variation);
  return sums.common / std::sqrt(variation_ * sums.variation);
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
