// Spearman's rank correlation of millions of keys (keys.h), ties with mean ranks, exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace gradspace::quality {

/// The ranks of one list of keys. Thread-safe.
class Ranking {
 public:
  /// Takes the keys' memory. At most 2^30 keys, each under 2^kKeyBits.
  explicit Ranking(std::vector<std::uint32_t> keys);

  /// Ranks as they enter the correlation: twice the (mean) rank, less n + 1, so that their sum is 0.
  std::int64_t centred(std::size_t i) const {
    return static_cast<std::int64_t>(doubled_[i]) - middle();
  }
  std::size_t size() const { return doubled_.size(); }
  /// The sum of squares of the centred ranks; 0 when all keys are equal.
  double variation() const { return variation_; }

  /// The correlation with the ranks of `keys`, as many as these; exactly 1 when the keys are equal.
  /// Throws InvalidArgument when all keys of either list are equal: then there is none.
  double correlation(std::span<const std::uint32_t> keys) const;

  /// Where this ranking and another one, as long, disagree: by groups of `group` neighbours, each
  /// group's part in 1 - correlation, so that their mean is 1 - correlation. Throws InvalidArgument
  /// as above.
  std::vector<double> disagreement(const Ranking& other, std::size_t group) const;

 private:
  std::int64_t middle() const { return static_cast<std::int64_t>(doubled_.size()) + 1; }

  std::vector<std::uint32_t> doubled_;  ///< twice the mean rank, counted from 1
  double variation_ = 0;
};

}  // namespace gradspace::quality
