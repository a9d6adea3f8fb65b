// Keys (keys.h) in buckets of neighbours, from which their ranks follow without sorting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/bucket_kernels.h"

namespace gradspace::quality {

/// How many keys are in each bucket, and what their partners add up to.
struct BucketTotals {
  BucketTotals(std::size_t buckets, bool with_partners)
      : counts(buckets, 0), sums(with_partners ? buckets : 0, 0) {}

  void add(const BucketTotals& other);

  std::vector<std::uint32_t> counts;
  std::vector<std::int64_t> sums;  ///< empty where keys have no partners
};

/// Buckets of neighbouring keys, in their order: the closer together most keys of a list are, the finer. Up to three
/// keys that are met very often have each a bucket of its own, so that what most lists of features have of ties is told
/// from neighbours. Thread-safe.
class KeyBuckets {
 public:
  /// All keys are under `limit`, which is under 2^31. How they are divided follows from a sample of `keys`.
  KeyBuckets(std::span<const std::uint32_t> keys, std::uint32_t limit);

  std::size_t size() const { return size_; }

  /// Never less for a larger key.
  std::uint32_t bucket_of(std::uint32_t key) const;

  /// The buckets of the frequent keys: all keys in such a bucket are equal.
  std::vector<std::uint32_t> exact_buckets() const;

  /// Totals of `keys` and, unless there are none, of as many `partners`, which are signed numbers. Whole numbers:
  /// the same however many threads count.
  BucketTotals totals(std::span<const std::uint32_t> keys,
                      std::span<const std::uint32_t> partners) const;

  /// keys[i] = values[bucket_of(keys[i])].
  void replace(std::span<const std::int32_t> values, std::span<std::uint32_t> keys) const;

 private:
  BucketTotals totals_of_range(std::span<const std::uint32_t> keys,
                               std::span<const std::uint32_t> partners) const;
  void add_frequent(const FrequentTotals& frequent, BucketTotals& totals) const;

  BucketLayout layout_;
  std::size_t size_;
};

}  // namespace gradspace::quality
