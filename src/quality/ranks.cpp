// Sorting (key, position) pairs of 27-bit keys takes three rounds over 9 bits. The first one, over the
// highest bits, leaves parts that mostly fit a processor's caches; within a part the other two go from
// the lowest bits up. A part is ranked while it is there, so the sorted whole is never read again.
#include "quality/ranks.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <utility>

#include "gradspace/error.h"
#include "quality/keys.h"

namespace gradspace::quality {
namespace {

constexpr int kDigitBits = 9;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
constexpr int kTopShift = kKeyBits - kDigitBits;
static_assert(kKeyBits == 3 * kDigitBits);

/// A key in the high half, its position in the low one.
using Pair = std::uint64_t;

constexpr int kPositionBits = 32;

std::uint32_t key_of(Pair pair) {
  return static_cast<std::uint32_t>(pair >> kPositionBits);
}
std::uint32_t position_of(Pair pair) {
  return static_cast<std::uint32_t>(pair);
}

using Counts = std::array<std::uint32_t, kDigits>;

/// Each count becomes the sum of those before it.
void accumulate(Counts& counts) {
  std::uint32_t sum = 0;
  for (std::uint32_t& count : counts) {
    sum += std::exchange(count, sum);
  }
}

/// A round of the sort from `in` to `out`, by the digit that begins at bit `shift` of the key.
void sort_by_digit(std::span<const Pair> in, Counts& begins, int shift, Pair* out) {
  accumulate(begins);
  for (const Pair pair : in) {
    out[begins[(key_of(pair) >> shift) % kDigits]++] = pair;
  }
}

/// Sorts pairs whose keys have equal highest digits; those of equal keys stay in order of position.
void sort_part(std::span<Pair> part, std::vector<Pair>& scratch) {
  constexpr std::size_t kFew = 256;
  if (part.size() < kFew) {
    std::sort(part.begin(), part.end());
    return;
  }
  Counts low{};
  Counts high{};
  for (const Pair pair : part) {
    ++low[key_of(pair) % kDigits];
    ++high[(key_of(pair) >> kDigitBits) % kDigits];
  }
  scratch.resize(std::max(scratch.size(), part.size()));
  sort_by_digit(part, low, 0, scratch.data());
  sort_by_digit({scratch.data(), part.size()}, high, kDigitBits, part.data());
}

/// The pairs of all keys but 0, by their highest digits.
struct Parts {
  std::vector<Pair> pairs;
  std::array<std::uint32_t, kDigits + 1> begins{};
  std::uint32_t zeros = 0;
};

Parts partition(std::span<const std::uint32_t> keys) {
  Parts parts;
  Counts counts{};
  for (const std::uint32_t key : keys) {
    ++counts[key >> kTopShift];
    parts.zeros += key == 0 ? 1 : 0;
  }
  counts[0] -= parts.zeros;
  accumulate(counts);
  std::copy(counts.begin(), counts.end(), parts.begins.begin());
  parts.begins[kDigits] = static_cast<std::uint32_t>(keys.size()) - parts.zeros;
  parts.pairs.resize(parts.begins[kDigits]);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] != 0) {
      parts.pairs[counts[keys[i] >> kTopShift]++] =
          static_cast<Pair>(keys[i]) << kPositionBits | static_cast<Pair>(i);
    }
  }
  return parts;
}

/// Calls `visit(position, twice the mean rank)` once for every key. `keys` may be overwritten by
/// `visit`.
template <typename Visit>
void rank(std::span<const std::uint32_t> keys, const Visit& visit) {
  Parts parts = partition(keys);
  if (parts.zeros > 0) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == 0) {
        visit(i, parts.zeros + 1);
      }
    }
  }
  std::vector<Pair> scratch;
  for (std::size_t digit = 0; digit < kDigits; ++digit) {
    const std::size_t begin = parts.begins[digit];
    const std::span<Pair> part(parts.pairs.data() + begin, parts.begins[digit + 1] - begin);
    sort_part(part, scratch);
    const auto ranked_before = static_cast<std::uint32_t>(begin) + parts.zeros;
    for (std::size_t first = 0, last = 0; first < part.size(); first = last) {
      while (last < part.size() && key_of(part[last]) == key_of(part[first])) {
        ++last;
      }
      // Ranks first + 1 to last.
      const std::uint32_t doubled =
          2 * ranked_before + static_cast<std::uint32_t>(first + last) + 1;
      for (std::size_t i = first; i < last; ++i) {
        visit(position_of(part[i]), doubled);
      }
    }
  }
}

double square(std::int64_t value) {
  const auto real = static_cast<double>(value);
  return real * real;
}

void check_variation(double a, double b) {
  if (a == 0 || b == 0) {
    throw InvalidArgument("all features are equal, so they have no rank correlation");
  }
}

}  // namespace

Ranking::Ranking(std::vector<std::uint32_t> keys) : doubled_(std::move(keys)) {
  assert(doubled_.size() <= std::size_t{1} << 30);
  rank(doubled_, [this](std::size_t i, std::uint32_t doubled) {
    doubled_[i] = doubled;
    variation_ += square(centred(i));
  });
}

double Ranking::correlation(std::span<const std::uint32_t> keys) const {
  assert(keys.size() == size());
  double common = 0;
  double other = 0;
  rank(keys, [&](std::size_t i, std::uint32_t doubled) {
    const std::int64_t theirs = static_cast<std::int64_t>(doubled) - middle();
    common += static_cast<double>(theirs) * static_cast<double>(centred(i));
    other += square(theirs);
  });
  check_variation(variation_, other);
  return common / std::sqrt(variation_ * other);
}

std::vector<double> Ranking::disagreement(const Ranking& other, std::size_t group) const {
  assert(other.size() == size() && size() % group == 0);
  check_variation(variation_, other.variation_);
  // With both lists scaled to a sum of squares of 1, the squared differences add up to 2 - 2 c.
  const double our_scale = 1 / std::sqrt(variation_);
  const double their_scale = 1 / std::sqrt(other.variation_);
  std::vector<double> parts(size() / group, 0.0);
  for (std::size_t i = 0; i < size(); ++i) {
    const double difference = static_cast<double>(centred(i)) * our_scale -
                              static_cast<double>(other.centred(i)) * their_scale;
    parts[i / group] += difference * difference;
  }
  for (double& part : parts) {
    part *= static_cast<double>(parts.size()) / 2;
  }
  return parts;
}

}  // namespace gradspace::quality
