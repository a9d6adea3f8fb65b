#include "statistics/key_buckets.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <functional>
#include <optional>
#include <utility>

#include "core/parallel.h"
#include "core/round_up.h"

namespace gradspace::quality {
namespace {

/// Keys that one thread takes at a time.
constexpr std::size_t kKeysOfRange = std::size_t{1} << 21;

/// Calls use(i, begin, count) for ranges that are together all `size` keys.
template <typename Use>
void for_each_range(std::size_t size, const Use& use) {
  parallel_for(block_count(kKeysOfRange, size), [&](std::size_t i) {
    const std::size_t begin = i * kKeysOfRange;
    use(i, begin, std::min(kKeysOfRange, size - begin));
  });
}

/// Some of the keys, in order: from places that no pattern of the features has, the multiples of the golden ratio.
std::vector<std::uint32_t> sample_of(std::span<const std::uint32_t> keys) {
  constexpr std::uint64_t kSample = 1024;
  constexpr std::uint64_t kGolden = 0x9E3779B9;  // times 2^32
  constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
  std::vector<std::uint32_t> sample;
  for (std::uint64_t i = 0; i < kSample && !keys.empty(); ++i) {
    sample.push_back(keys[(i * kGolden % kOne * keys.size()) / kOne]);
  }
  std::sort(sample.begin(), sample.end());
  return sample;
}

/// The most frequent keys of the sample, in order: those that it holds several times.
FrequentKeys frequent_keys(const std::vector<std::uint32_t>& sample) {
  constexpr std::ptrdiff_t kSeveral = 4;
  std::vector<std::pair<std::ptrdiff_t, std::int32_t>> runs;  // length and key
  for (auto begin = sample.begin(); begin != sample.end();) {
    const auto end = std::upper_bound(begin, sample.end(), *begin);
    if (end - begin >= kSeveral) {
      runs.emplace_back(end - begin, static_cast<std::int32_t>(*begin));
    }
    begin = end;
  }
  std::ranges::sort(runs, std::greater());
  FrequentKeys frequent;
  frequent.fill(kNoFrequentKey);
  for (std::size_t i = 0; i < std::min(runs.size(), frequent.size()); ++i) {
    frequent[i] = runs[i].second;
  }
  std::ranges::sort(frequent);
  return frequent;
}

/// Fine buckets for all but the outermost hundredths of the keys, some ten thousand of them.
BucketLayout layout_for(std::span<const std::uint32_t> keys) {
  constexpr std::size_t kOutermost = 100;
  constexpr int kFineBuckets = 15;  // as a power of two
  std::vector<std::uint32_t> sample = sample_of(keys);
  BucketLayout layout;
  layout.frequent = frequent_keys(sample);
  std::erase_if(sample, [&](std::uint32_t key) {
    return std::ranges::count(layout.frequent, static_cast<std::int32_t>(key)) > 0;
  });
  if (!sample.empty()) {
    const std::size_t left_out = sample.size() / kOutermost;
    layout.begin = static_cast<std::int32_t>(sample[left_out]);
    layout.end = static_cast<std::int32_t>(sample[sample.size() - 1 - left_out]);
    const auto width = static_cast<std::uint32_t>(layout.end - layout.begin);
    layout.fine_bits = std::max(static_cast<int>(std::bit_width(width)) - kFineBuckets, 0);
  }
  return layout;
}

}  // namespace

void BucketTotals::add(const BucketTotals& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] += other.counts[i];
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i] += other.sums[i];
  }
}

KeyBuckets::KeyBuckets(std::span<const std::uint32_t> keys, std::uint32_t limit)
    : layout_(layout_for(keys)), size_(bucket_of(limit) + 1) {
  assert(limit < std::uint32_t{kNoFrequentKey});
}

std::uint32_t KeyBuckets::bucket_of(std::uint32_t key) const {
  const auto begin = static_cast<std::uint32_t>(layout_.begin);
  const auto end = static_cast<std::uint32_t>(layout_.end);
  std::uint32_t bucket = (std::clamp(key, begin, end) - begin) >> layout_.fine_bits;
  bucket += std::min(key, begin) >> BucketLayout::kCoarseBits;
  bucket += (std::max(key, end) - end) >> BucketLayout::kCoarseBits;
  for (const std::int32_t frequent : layout_.frequent) {
    const auto other = static_cast<std::uint32_t>(frequent);
    bucket += (key > other ? 1U : 0U) + (key >= other ? 1U : 0U);
  }
  return bucket;
}

std::vector<std::uint32_t> KeyBuckets::exact_buckets() const {
  std::vector<std::uint32_t> buckets;
  for (const std::int32_t key : layout_.frequent) {
    if (key != kNoFrequentKey) {
      buckets.push_back(bucket_of(static_cast<std::uint32_t>(key)));
    }
  }
  return buckets;
}

void KeyBuckets::add_frequent(const FrequentTotals& frequent, BucketTotals& totals) const {
  const std::vector<std::uint32_t> buckets = exact_buckets();
  for (std::size_t f = 0; f < buckets.size(); ++f) {
    totals.counts[buckets[f]] += static_cast<std::uint32_t>(frequent.counts[f]);
    if (!totals.sums.empty()) {
      totals.sums[buckets[f]] += frequent.sums[f];
    }
  }
}

BucketTotals KeyBuckets::totals_of_range(std::span<const std::uint32_t> keys,
                                         std::span<const std::uint32_t> partners) const {
  BucketTotals totals(size_, !partners.empty());
  const auto add = [&](std::uint32_t bucket, std::int32_t partner) {
    ++totals.counts[bucket];
    if (!totals.sums.empty()) {
      totals.sums[bucket] += partner;
    }
  };
  RareKeys rare;
  FrequentTotals frequent;
  const std::size_t in_vectors = keys.size() - keys.size() % kBucketLanes;
  for (std::size_t begin = 0; begin < in_vectors; begin += kPickedKeys) {
    pick_rare_keys(&keys[begin], partners.empty() ? nullptr : &partners[begin],
                   std::min(kPickedKeys, in_vectors - begin), layout_, rare, frequent);
    for (std::size_t i = 0; i < rare.count; ++i) {
      add(rare.buckets[i], rare.partners[i]);
    }
  }
  for (std::size_t i = in_vectors; i < keys.size(); ++i) {
    add(bucket_of(keys[i]), partners.empty() ? 0 : static_cast<std::int32_t>(partners[i]));
  }
  add_frequent(frequent, totals);
  return totals;
}

BucketTotals KeyBuckets::totals(std::span<const std::uint32_t> keys,
                                std::span<const std::uint32_t> partners) const {
  if (keys.size() <= kKeysOfRange) {
    return totals_of_range(keys, partners);
  }
  std::vector<std::optional<BucketTotals>> parts(block_count(kKeysOfRange, keys.size()));
  for_each_range(keys.size(), [&](std::size_t i, std::size_t begin, std::size_t count) {
    parts[i] = totals_of_range(keys.subspan(begin, count),
                               partners.empty() ? partners : partners.subspan(begin, count));
  });
  BucketTotals all = *std::move(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    all.add(*parts[i]);
  }
  return all;
}

void KeyBuckets::replace(std::span<const std::int32_t> values,
                         std::span<std::uint32_t> keys) const {
  for_each_range(keys.size(), [&](std::size_t /*range*/, std::size_t begin, std::size_t count) {
    const std::size_t in_vectors = count - count % kBucketLanes;
    replace_keys(layout_, values.data(), in_vectors, &keys[begin]);
    for (std::uint32_t& key : keys.subspan(begin, count).subspan(in_vectors)) {
      key = static_cast<std::uint32_t>(values[bucket_of(key)]);
    }
  });
}

}  // namespace gradspace::quality
