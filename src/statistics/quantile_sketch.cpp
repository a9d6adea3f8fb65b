#include "gradspace/quantile_sketch.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Bits of a float32 that are alike in a bucket: all but these.
constexpr int kBitsWithin = 13;
constexpr std::uint32_t kSignBit = std::uint32_t{1} << 31;
/// Far more values than there are images.
constexpr std::uint64_t kMostValues = std::uint64_t{1} << 53;

/// Numbers that rise with the value.
std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0F);  // -0 becomes 0
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

double value_of(std::uint32_t ordered) {
  const std::uint32_t bits = (ordered & kSignBit) != 0 ? ordered & ~kSignBit : ~ordered;
  return static_cast<double>(std::bit_cast<float>(bits));
}

std::uint32_t bucket_of(float value) {
  return ordered_bits(value) >> kBitsWithin;
}

double middle_of_bucket(std::uint32_t bucket) {
  const std::uint32_t first = bucket << kBitsWithin;
  return (value_of(first) + value_of(first | ((1U << kBitsWithin) - 1))) / 2;
}

}  // namespace

QuantileSketch::QuantileSketch(Counts counts, float least, float largest, std::uint64_t left_out)
    : counts_(std::move(counts)), left_out_(left_out), least_(least), largest_(largest) {
  for (const auto& [bucket, count] : counts_) {
    if (count == 0 || count > kMostValues - count_) {
      throw InvalidArgument(fmt::format("quantiles: a bucket can't have {} values", count));
    }
    count_ += count;
  }
  const bool fits =
      left_out <= kMostValues &&
      (counts_.empty() ? least == 0 && largest == 0
                       : std::isfinite(least) && std::isfinite(largest) && least <= largest &&
                             counts_.begin()->first == bucket_of(least) &&
                             counts_.rbegin()->first == bucket_of(largest));
  if (!fits) {
    throw InvalidArgument("quantiles: the extremes do not lie in the first and the last bucket");
  }
}

void QuantileSketch::add(float value) {
  if (!std::isfinite(value)) {
    ++left_out_;
    return;
  }
  value += 0.0F;
  least_ = count_ == 0 ? value : std::min(least_, value);
  largest_ = count_ == 0 ? value : std::max(largest_, value);
  ++counts_[bucket_of(value)];
  ++count_;
}

void QuantileSketch::add(const QuantileSketch& other) {
  if (other.count_ > 0) {
    least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
    largest_ = count_ == 0 ? other.largest_ : std::max(largest_, other.largest_);
  }
  for (const auto& [bucket, count] : other.counts_) {
    counts_[bucket] += count;
  }
  count_ += other.count_;
  left_out_ += other.left_out_;
}

double QuantileSketch::quantile(double share) const {
  if (count_ == 0) {
    throw InvalidArgument("quantiles: there is no finite value");
  }
  if (!(share >= 0 && share <= 1)) {
    throw InvalidArgument(fmt::format("quantiles: {} is no share from 0 to 1", share));
  }
  const double wanted = std::ceil(share * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  if (rank == 1 || rank == count_) {
    return rank == 1 ? least_ : largest_;
  }
  std::uint64_t up_to = 0;
  for (const auto& [bucket, count] : counts_) {
    up_to += count;
    if (up_to >= rank) {
      return std::clamp<double>(middle_of_bucket(bucket), least_, largest_);
    }
  }
  return largest_;
}

}  // namespace gradspace
