#include "statistics/bucket_kernels.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "statistics/bucket_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<std::int32_t, 16>;
using V = hn::Vec<D>;

/// A layout with `kUsed` frequent keys, in registers.
template <std::size_t kUsed>
struct Layout {
  explicit Layout(const BucketLayout& layout)
      : begin(hn::Set(D(), layout.begin)),
        end(hn::Set(D(), layout.end)),
        fine_bits(layout.fine_bits) {
    for (std::size_t f = 0; f < kUsed; ++f) {
      frequent[f] = hn::Set(D(), layout.frequent[f]);
    }
  }

  V begin;
  V end;
  int fine_bits;
  V frequent[kUsed];
};

/// How many buckets' ends lie below the key: coarse ones up to `begin`, fine ones up to `end`, coarse ones again, and
/// one more for a frequent key that it is, two more for each that it is over. A mask is -1 as a number.
template <std::size_t kUsed>
HWY_INLINE V bucket_of_keys(V key, const Layout<kUsed>& layout) {
  const D d;
  const V inside = hn::Min(hn::Max(key, layout.begin), layout.end);
  const V below = hn::Min(key, layout.begin);
  const V above = hn::Sub(hn::Max(key, layout.end), layout.end);
  V bucket = hn::ShiftRightSame(hn::Sub(inside, layout.begin), layout.fine_bits);
  bucket = hn::Add(bucket, hn::ShiftRight<BucketLayout::kCoarseBits>(below));
  bucket = hn::Add(bucket, hn::ShiftRight<BucketLayout::kCoarseBits>(above));
  for (std::size_t f = 0; f < kUsed; ++f) {
    const V over = hn::VecFromMask(d, hn::Gt(key, layout.frequent[f]));
    bucket = hn::Sub(bucket, hn::Add(over, over));
    bucket = hn::Sub(bucket, hn::VecFromMask(d, hn::Eq(key, layout.frequent[f])));
  }
  return bucket;
}

/// Of a frequent key in some keys' lanes. Partners are added by their upper and lower halves, whose sums over
/// kPickedKeys fit 32 bits.
struct LaneTotals {
  /// Written out: a constructor of GCC's own making has no instruction set, which vectors of NEON want.
  HWY_INLINE LaneTotals() : count(hn::Zero(D())), upper(hn::Zero(D())), lower(hn::Zero(D())) {}

  V count;
  V upper;
  V lower;
};

template <std::size_t kUsed, bool kWithPartners>
HWY_INLINE void pick_rare(const std::uint32_t* keys, const std::uint32_t* partners,
                          std::size_t count, const BucketLayout& bucket_layout, RareKeys& rare,
                          FrequentTotals& totals) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  const Layout<kUsed> layout(bucket_layout);
  LaneTotals frequent[kUsed];
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const V key = hn::BitCast(d, hn::LoadU(du, keys + i));
    const V partner = kWithPartners ? hn::BitCast(d, hn::LoadU(du, partners + i)) : hn::Zero(d);
    auto is_frequent = hn::Eq(key, layout.frequent[0]);
    for (std::size_t f = 0; f < kUsed; ++f) {
      const auto equal = hn::Eq(key, layout.frequent[f]);
      is_frequent = hn::Or(is_frequent, equal);
      frequent[f].count = hn::Sub(frequent[f].count, hn::VecFromMask(d, equal));
      if constexpr (kWithPartners) {
        const V wanted = hn::IfThenElseZero(equal, partner);
        frequent[f].upper = hn::Add(frequent[f].upper, hn::ShiftRight<16>(wanted));
        frequent[f].lower = hn::Add(frequent[f].lower, hn::And(wanted, hn::Set(d, 0xFFFF)));
      }
    }
    const auto is_rare = hn::Not(is_frequent);
    const V bucket = hn::Compress(bucket_of_keys(key, layout), is_rare);
    hn::StoreU(hn::BitCast(du, bucket), du, rare.buckets.data() + kept);
    if constexpr (kWithPartners) {
      hn::StoreU(hn::Compress(partner, is_rare), d, rare.partners.data() + kept);
    }
    kept += hn::CountTrue(d, is_rare);
  }
  rare.count = kept;
  for (std::size_t f = 0; f < kUsed; ++f) {
    const auto sum_of = [d](V lanes) HWY_ATTR {
      return std::int64_t{hn::GetLane(hn::SumOfLanes(d, lanes))};
    };
    totals.counts[f] += sum_of(frequent[f].count);
    totals.sums[f] += sum_of(frequent[f].upper) * 65536 + sum_of(frequent[f].lower);
  }
}

/// How many of the layout's frequent keys there are; the first at least counts.
std::size_t used_keys(const BucketLayout& layout) {
  std::size_t used = 1;
  while (used < kMostFrequentKeys && layout.frequent[used] != kNoFrequentKey) {
    ++used;
  }
  return used;
}

/// Calls use(integral constant) with as many frequent keys as the layout has.
template <typename Use>
HWY_INLINE void with_used_keys(const BucketLayout& layout, const Use& use) {
  static_assert(kMostFrequentKeys == 3);
  switch (used_keys(layout)) {
    case 1:
      return use(std::integral_constant<std::size_t, 1>());
    case 2:
      return use(std::integral_constant<std::size_t, 2>());
    default:
      return use(std::integral_constant<std::size_t, 3>());
  }
}

void pick_rare_kernel(const std::uint32_t* keys, const std::uint32_t* partners, std::size_t count,
                      const BucketLayout& layout, RareKeys& rare, FrequentTotals& totals) {
  with_used_keys(layout, [&](auto used) HWY_ATTR {
    if (partners == nullptr) {
      pick_rare<used.value, false>(keys, partners, count, layout, rare, totals);
    } else {
      pick_rare<used.value, true>(keys, partners, count, layout, rare, totals);
    }
  });
}

template <std::size_t kUsed>
HWY_INLINE void replace(const BucketLayout& bucket_layout, const std::int32_t* values,
                        std::size_t count, std::uint32_t* keys) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  const Layout<kUsed> layout(bucket_layout);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const V key = hn::BitCast(d, hn::LoadU(du, keys + i));
    const V value = hn::GatherIndex(d, values, bucket_of_keys(key, layout));
    hn::StoreU(hn::BitCast(du, value), du, keys + i);
  }
}

void replace_kernel(const BucketLayout& layout, const std::int32_t* values, std::size_t count,
                    std::uint32_t* keys) {
  with_used_keys(layout,
                 [&](auto used) HWY_ATTR { replace<used.value>(layout, values, count, keys); });
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {
namespace {

GRADSPACE_EXPORT(pick_rare_kernel);
GRADSPACE_EXPORT(replace_kernel);

}  // namespace

void pick_rare_keys(const std::uint32_t* keys, const std::uint32_t* partners, std::size_t count,
                    const BucketLayout& layout, RareKeys& rare, FrequentTotals& totals) {
  GRADSPACE_DISPATCH(pick_rare_kernel)(keys, partners, count, layout, rare, totals);
}

void replace_keys(const BucketLayout& layout, const std::int32_t* values, std::size_t count,
                  std::uint32_t* keys) {
  GRADSPACE_DISPATCH(replace_kernel)(layout, values, count, keys);
}

}  // namespace gradspace::quality

#endif  // HWY_ONCE
