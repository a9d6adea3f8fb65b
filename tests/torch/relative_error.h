#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace gradspace::testing {

/// |got - wanted| / |wanted|; where `wanted` is all zero: 0 if `got` is too, else infinity.
inline double relative_error(std::span<const float> got, std::span<const float> wanted) {
  if (got.size() != wanted.size()) {
    return std::numeric_limits<double>::infinity();
  }
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    difference += std::pow(static_cast<double>(got[i]) - wanted[i], 2);
    norm += std::pow(static_cast<double>(wanted[i]), 2);
  }
  if (difference == 0) {
    return 0;
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::numeric_limits<double>::infinity();
}

}  // namespace gradspace::testing
