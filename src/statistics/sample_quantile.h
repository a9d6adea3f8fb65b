// A quantile of a sample.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace gradspace {

/// Between the order statistics, linearly; `sorted` is not empty.
inline double sample_quantile(std::span<const double> sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace gradspace
