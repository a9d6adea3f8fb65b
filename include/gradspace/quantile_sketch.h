// Quantiles of very many numbers in little memory, with a bound on their error.
//
// Finite float32 values are counted in buckets: those whose sign, exponent and first ten bits of the mantissa agree.
// Counts are added exactly, so that the sketch of all values is the same whoever counted which of them, and in whatever
// order. A quantile is the middle of the bucket that the value of that rank lies in, which is off by at most 1/2048 of
// the value (0.05 %); of values under 1.2e-38 in size, by at most 6e-42. The least and the largest value are exact.
//
// Memory: 1 024 buckets for values within a factor of two, 524 288 for any.
#pragma once

#include <cstdint>
#include <map>

#include "gradspace/export.h"

namespace gradspace {

/// Not thread-safe.
class GRADSPACE_API QuantileSketch {
 public:
  /// Counts by bucket. The number of a bucket rises with the values in it and is below `kBuckets`.
  using Counts = std::map<std::uint32_t, std::uint64_t>;
  static constexpr std::uint32_t kBuckets = std::uint32_t{1} << 19;
  static constexpr double kRelativeError = 1.0 / 2048;

  QuantileSketch() = default;
  /// From what `counts`, `least`, `largest` and `left_out` said. Throws InvalidArgument when they don't fit together.
  QuantileSketch(Counts counts, float least, float largest, std::uint64_t left_out);

  /// Values that are not finite are left out, and counted as such.
  void add(float value);
  void add(const QuantileSketch& other);

  std::uint64_t count() const { return count_; }        ///< of finite values
  std::uint64_t left_out() const { return left_out_; }  ///< of others
  float least() const { return least_; }                ///< 0 where there is no finite value
  float largest() const { return largest_; }
  const Counts& counts() const { return counts_; }

  /// The value whose rank is ceil(share * count()), from 1 on: of 0.5 the (lower) median. Throws InvalidArgument when
  /// there is no finite value, or `share` is not within [0, 1].
  double quantile(double share) const;

  friend bool operator==(const QuantileSketch&, const QuantileSketch&) = default;

 private:
  Counts counts_;
  std::uint64_t count_ = 0;
  std::uint64_t left_out_ = 0;
  float least_ = 0;
  float largest_ = 0;
};

}  // namespace gradspace
