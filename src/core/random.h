// Random numbers that are the same everywhere: the standard library's distributions are not.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace gradspace {

/// Scrambles 64 bits (the finaliser of SplitMix64): near inputs give unrelated outputs.
std::uint64_t mix(std::uint64_t value);

/// One seed out of several numbers; the order counts.
std::uint64_t combine(std::uint64_t a, std::uint64_t b);

/// 64 bits of a text (FNV-1a, then mixed).
std::uint64_t hash_text(std::string_view text);

/// xoshiro256++ (Blackman and Vigna 2019), seeded through SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  /// Within [0, 1), 53 bits.
  double uniform();
  /// Within [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Within 0 .. bound - 1, unbiased; bound >= 1.
  std::uint64_t below(std::uint64_t bound);
  /// Mean 0, standard deviation 1 (Box and Muller; two are drawn at a time).
  double normal();
  bool chance(double probability) { return uniform() < probability; }

 private:
  std::uint64_t state_[4];
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

/// 0 .. n - 1 in random order (Fisher and Yates).
std::vector<std::uint32_t> permutation(std::uint32_t n, std::uint64_t seed);

}  // namespace gradspace
