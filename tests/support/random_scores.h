// Scores for tests of what is done with scores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/random.h"

namespace gradspace::testing {

inline std::vector<double> normal_scores(std::size_t count, double mean, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> scores(count);
  for (double& score : scores) {
    score = mean + random.normal();
  }
  return scores;
}

inline std::vector<double> normal_scores(std::size_t count, std::uint64_t seed) {
  return normal_scores(count, 0, seed);
}

}  // namespace gradspace::testing
