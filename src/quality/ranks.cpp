#include "quality/ranks.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "gradspace/error.h"
#include "quality/keys.h"

namespace gradspace::quality {
namespace {

/// Centred ranks by key, for all keys up to the largest that occurs.
std::vector<std::int32_t> ranks_by_key(std::span<const std::uint32_t> keys) {
  std::vector<std::int32_t> table(kKeyCount, 0);
  for (const std::uint32_t key : keys) {
    ++table[key];
  }
  const auto middle = static_cast<std::int64_t>(keys.size()) + 1;
  std::int64_t before = 0;
  for (std::int32_t& entry : table) {
    const std::int64_t count = entry;
    // Ranks before + 1 to before + count.
    entry = static_cast<std::int32_t>(2 * before + count + 1 - middle);
    before += count;
  }
  return table;
}

/// Sums in four strands, which keeps a processor's adders busy and the order of additions fixed.
template <typename Value>
double strand_sum(std::size_t n, const Value& value) {
  double sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t strand = 0; strand < 4; ++strand) {
      sums[strand] += value(i + strand);
    }
  }
  for (; i < n; ++i) {
    sums[0] += value(i);
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double square(double value) {
  return value * value;
}

void check_variation(double a, double b) {
  if (a == 0 || b == 0) {
    throw InvalidArgument("all features are equal, so they have no rank correlation");
  }
}

}  // namespace

Ranking::Ranking(std::vector<std::uint32_t> keys) {
  assert(keys.size() <= std::size_t{1} << 30);
  const std::vector<std::int32_t> table = ranks_by_key(keys);
  ranks_.resize(keys.size());
  std::transform(keys.begin(), keys.end(), ranks_.begin(),
                 [&table](std::uint32_t key) { return table[key]; });
  variation_ = strand_sum(size(), [this](std::size_t i) { return square(ranks_[i]); });
}

double Ranking::correlation(std::span<const std::uint32_t> keys) const {
  assert(keys.size() == size());
  const std::vector<std::int32_t> table = ranks_by_key(keys);
  const double variation =
      strand_sum(size(), [&](std::size_t i) { return square(table[keys[i]]); });
  const double common = strand_sum(size(), [&](std::size_t i) {
    return static_cast<double>(ranks_[i]) * static_cast<double>(table[keys[i]]);
  });
  check_variation(variation_, variation);
  return common / std::sqrt(variation_ * variation);
}

std::vector<double> Ranking::disagreement(const Ranking& other, std::size_t group) const {
  assert(other.size() == size() && size() % group == 0);
  check_variation(variation_, other.variation_);
  // With both lists scaled to a sum of squares of 1, the squared differences add up to 2 - 2 c.
  const double our_scale = 1 / std::sqrt(variation_);
  const double their_scale = 1 / std::sqrt(other.variation_);
  std::vector<double> parts(size() / group, 0.0);
  for (std::size_t i = 0; i < size(); ++i) {
    parts[i / group] += square(centred(i) * our_scale - other.centred(i) * their_scale);
  }
  for (double& part : parts) {
    part *= static_cast<double>(parts.size()) / 2;
  }
  return parts;
}

}  // namespace gradspace::quality
