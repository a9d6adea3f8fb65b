// Spearman's rank correlation of millions of keys (keys.h), ties with mean ranks.
//
// Nothing is sorted: keys are counted in buckets of neighbouring keys, and a key's rank follows from how many are
// in smaller ones. Keys of one bucket are taken for ties where they are few; else crowded
// buckets' keys are counted one by one. That moves a correlation by less than 1e-6 (by 1e-7 as a rule), less than
// float32 features do. Memory is four bytes a key, and some megabytes. Counts are whole numbers: no result depends on
// the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/keys.h"

namespace gradspace::quality {

/// Of two lists of ranks: the sum of their products, and of the second one's squares.
struct RankSums {
  double common = 0;
  double variation = 0;
};

/// The ranks of one list of keys. Thread-safe.
class Ranking {
 public:
  /// Takes the keys' memory. At most 2^30 keys, each under `limit`, as are those it is compared with: the
  /// lower it is, the faster.
  explicit Ranking(FeatureKeys keys, std::uint32_t limit = kKeyLimit);

  /// The rank of key `i` as it enters the correlation: twice the (mean) rank, less n + 1, so that all
  /// add up to 0.
  std::int32_t centred(std::size_t i) const { return static_cast<std::int32_t>(ranks_[i]); }
  std::size_t size() const { return ranks_.size(); }

  /// The correlation with the ranks of `keys`, as many as these; exactly 1 when the keys are equal.
  /// Throws InvalidArgument when all keys of either list are equal: then there is none.
  double correlation(std::span<const std::uint32_t> keys) const;

  /// Where this ranking and another one, as long, disagree: by groups of `group` neighbours, each
  /// group's part in 1 - correlation, so that their mean is 1 - correlation. Throws InvalidArgument
  /// as above.
  std::vector<double> disagreement(const Ranking& other, std::size_t group) const;

 private:
  RankSums sums_with(std::span<const std::uint32_t> keys) const;

  FeatureKeys ranks_;  ///< in the memory that the keys had
  std::uint32_t limit_;
  double variation_ = 0;  ///< sum of their squares
};

}  // namespace gradspace::quality
