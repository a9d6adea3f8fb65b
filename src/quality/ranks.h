// Spearman's rank correlation of millions of keys (keys.h), ties with mean ranks.
//
// Keys are few enough to be counted, so nothing is sorted: a key's rank follows from how many are
// smaller. Memory is four bytes a key, and 2 MB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gradspace::quality {

/// The ranks of one list of keys. Thread-safe.
class Ranking {
 public:
  /// Takes the keys' memory. At most 2^30 keys, each under kKeyCount.
  explicit Ranking(std::vector<std::uint32_t> keys);

  /// The rank of key `i` as it enters the correlation: twice the (mean) rank, less n + 1, so that all
  /// add up to 0.
  std::int32_t centred(std::size_t i) const { return ranks_[i]; }
  std::size_t size() const { return ranks_.size(); }

  /// The correlation with the ranks of `keys`, as many as these; exactly 1 when the keys are equal.
  /// Throws InvalidArgument when all keys of either list are equal: then there is none.
  double correlation(std::span<const std::uint32_t> keys) const;

  /// Where this ranking and another one, as long, disagree: by groups of `group` neighbours, each
  /// group's part in 1 - correlation, so that their mean is 1 - correlation. Throws InvalidArgument
  /// as above.
  std::vector<double> disagreement(const Ranking& other, std::size_t group) const;

 private:
  std::vector<std::int32_t> ranks_;
  double variation_ = 0;  ///< sum of their squares
};

}  // namespace gradspace::quality
