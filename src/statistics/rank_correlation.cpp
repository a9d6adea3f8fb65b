// The correlations of agreement.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "gradspace/agreement.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using Values = std::span<const double>;

void check_pair(Values x, Values y) {
  if (x.size() != y.size()) {
    throw InvalidArgument(fmt::format("correlation: {} values against {}", x.size(), y.size()));
  }
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::any_of(x.begin(), x.end(), is_nan) || std::any_of(y.begin(), y.end(), is_nan)) {
    throw InvalidArgument("correlation: a value is not a number");
  }
}

std::vector<std::uint32_t> ascending_order(Values values) {
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
  return order;
}

/// Ranks from 0; ties have their mean.
std::vector<double> mean_ranks(Values values) {
  const std::vector<std::uint32_t> order = ascending_order(values);
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) {
      ++end;
    }
    for (std::size_t i = begin; i < end; ++i) {
      ranks[order[i]] = static_cast<double>(begin + end - 1) / 2;
    }
  }
  return ranks;
}

double mean(Values values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The pairs within runs of equal elements: sum of t (t - 1) / 2.
template <typename Equal>
std::uint64_t tied_pairs(std::size_t n, const Equal& equal) {
  std::uint64_t pairs = 0;
  std::uint64_t run = 1;
  for (std::size_t i = 1; i <= n; ++i) {
    if (i < n && equal(i - 1, i)) {
      pairs += run++;
    } else {
      run = 1;
    }
  }
  return pairs;
}

/// Sorts and counts the pairs that stood in the wrong order (equal ones stood right).
std::uint64_t sort_counting_inversions(std::vector<double>& values) {
  std::uint64_t inversions = 0;
  std::vector<double> merged(values.size());
  for (std::size_t width = 1; width < values.size(); width *= 2) {
    for (std::size_t begin = 0; begin < values.size(); begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, values.size());
      const std::size_t end = std::min(begin + 2 * width, values.size());
      std::size_t left = begin;
      std::size_t right = middle;
      for (std::size_t i = begin; i < end; ++i) {
        if (right == end || (left < middle && values[left] <= values[right])) {
          merged[i] = values[left++];
        } else {
          inversions += middle - left;
          merged[i] = values[right++];
        }
      }
    }
    values.swap(merged);
  }
  return inversions;
}

}  // namespace

std::optional<double> pearson_correlation(Values x, Values y) {
  check_pair(x, y);
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(x.begin(), x.end(), finite) || !std::all_of(y.begin(), y.end(), finite)) {
    throw InvalidArgument("correlation: a value is infinite");
  }
  const double mean_x = mean(x);
  const double mean_y = mean(y);
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  const auto constant = [](Values values) {
    return std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
  };
  // The mean of equal values may be off by a rounding, so that the sums alone do not tell.
  if (!(xx > 0 && yy > 0) || constant(x) || constant(y)) {
    return std::nullopt;
  }
  return std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
}

std::optional<double> spearman_correlation(Values x, Values y) {
  check_pair(x, y);
  return pearson_correlation(mean_ranks(x), mean_ranks(y));
}

std::optional<double> kendall_correlation(Values x, Values y) {
  check_pair(x, y);
  const std::size_t n = x.size();
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return x[a] < x[b] || (x[a] == x[b] && y[a] < y[b]);
  });
  const auto same_x = [&](std::size_t i, std::size_t j) { return x[order[i]] == x[order[j]]; };
  const auto same_both = [&](std::size_t i, std::size_t j) {
    return same_x(i, j) && y[order[i]] == y[order[j]];
  };
  const std::uint64_t x_ties = tied_pairs(n, same_x);
  const std::uint64_t both_ties = tied_pairs(n, same_both);
  std::vector<double> by_x(n);
  std::transform(order.begin(), order.end(), by_x.begin(), [&](std::uint32_t i) { return y[i]; });
  const std::uint64_t discordant = sort_counting_inversions(by_x);
  const std::uint64_t y_ties =
      tied_pairs(n, [&](std::size_t i, std::size_t j) { return by_x[i] == by_x[j]; });

  const std::uint64_t pairs = n < 2 ? 0 : std::uint64_t{n} * (n - 1) / 2;
  if (pairs == x_ties || pairs == y_ties) {
    return std::nullopt;
  }
  const std::uint64_t comparable = pairs - x_ties - y_ties + both_ties;
  const double difference = static_cast<double>(comparable) - 2.0 * static_cast<double>(discordant);
  return difference / std::sqrt(static_cast<double>(pairs - x_ties)) /
         std::sqrt(static_cast<double>(pairs - y_ties));
}

}  // namespace gradspace
