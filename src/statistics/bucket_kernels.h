// The inner loops of KeyBuckets (key_buckets.h), with the widest vectors the processor has. All numbers are whole: the
// results do not depend on the processor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gradspace::quality {

/// Keys that may have buckets of their own.
inline constexpr std::size_t kMostFrequentKeys = 3;

/// Stands where there is none; over every key.
inline constexpr std::int32_t kNoFrequentKey = 0x7FFFFFFF;

using FrequentKeys = std::array<std::int32_t, kMostFrequentKeys>;

/// How keys are divided into buckets: finely from `begin` to `end`, where most of them are, coarsely below and above.
/// Each frequent key has a bucket of its own.
struct BucketLayout {
  static constexpr int kCoarseBits = 13;  ///< keys of a coarse bucket, as a power of two

  std::int32_t begin = 0;
  std::int32_t end = 0;
  int fine_bits = 0;        ///< keys of a fine bucket, as a power of two
  FrequentKeys frequent{};  ///< rising; kNoFrequentKey stands behind the last
};

/// Numbers of keys that are multiples of it are whole vectors.
inline constexpr std::size_t kBucketLanes = 16;

/// Keys that are taken at a time: what is picked out of them stays in the first-level cache.
inline constexpr std::size_t kPickedKeys = 1024;

/// The buckets and partners of keys that are not among the frequent ones; room for a vector lies behind them.
struct RareKeys {
  std::size_t count = 0;
  std::array<std::uint32_t, kPickedKeys + kBucketLanes> buckets;
  std::array<std::int32_t, kPickedKeys + kBucketLanes> partners;
};

/// Of each frequent key.
struct FrequentTotals {
  std::array<std::int64_t, kMostFrequentKeys> counts{};
  std::array<std::int64_t, kMostFrequentKeys> sums{};
};

/// Adds the frequent ones among `count` keys to `totals` and lists the others in `rare`. `count` is a multiple of
/// kBucketLanes, at most kPickedKeys; `partners`, one a key, may be null.
void pick_rare_keys(const std::uint32_t* keys, const std::uint32_t* partners, std::size_t count,
                    const BucketLayout& layout, RareKeys& rare, FrequentTotals& totals);

/// keys[i] = values[bucket of keys[i]]. `count` is a multiple of kBucketLanes.
void replace_keys(const BucketLayout& layout, const std::int32_t* values, std::size_t count,
                  std::uint32_t* keys);

}  // namespace gradspace::quality
