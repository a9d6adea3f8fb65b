// Centred ranks (ranks.h) of any keys: slower than KeyBuckets, but no bucket of more than a few keys is crowded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gradspace::quality {

/// Keys are counted in buckets of 512 neighbours. In buckets that hold more than one 4096th of all keys they are
/// counted one by one.
class RankTable {
 public:
  /// All keys are under `limit`.
  RankTable(std::span<const std::uint32_t> keys, std::uint32_t limit);

  /// The centred rank of one of the keys.
  std::int32_t operator[](std::uint32_t key) const { return ranks_[place(key)]; }

 private:
  static constexpr int kBucketBits = 9;
  static constexpr std::uint32_t kBucketSize = 1U << kBucketBits;

  /// A bucket's place: where its ranks begin, and in the lowest bit whether each of its keys has one.
  std::uint32_t place(std::uint32_t key) const {
    const std::uint32_t bucket = places_[key >> kBucketBits];
    return (bucket >> 1) + (key % kBucketSize & (0U - (bucket & 1U)));
  }

  /// Turns counts into places; returns how many ranks there are. Buckets of more than `crowd` keys are crowded.
  std::uint32_t assign_places(std::size_t crowd);

  std::vector<std::uint32_t> places_;
  std::vector<std::int32_t> ranks_;
};

}  // namespace gradspace::quality
