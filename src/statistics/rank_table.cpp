#include "statistics/rank_table.h"

namespace gradspace::quality {
namespace {

/// The share of all keys that makes a bucket crowded.
constexpr std::size_t kCrowded = 4096;

}  // namespace

RankTable::RankTable(std::span<const std::uint32_t> keys, std::uint32_t limit)
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

std::uint32_t RankTable::assign_places(std::size_t crowd) {
  std::uint32_t next = 0;
  for (std::uint32_t& entry : places_) {
    const std::uint32_t count = entry;
    const bool crowded = count > 1 && count > crowd;
    entry = next << 1 | (crowded ? 1U : 0U);
    next += crowded ? kBucketSize : (count > 0 ? 1U : 0U);
  }
  return next;
}

}  // namespace gradspace::quality
