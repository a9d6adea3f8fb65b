// Scores for tests of what is done with scores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/random.h"

namespace gradspace::testing {

inline std::vector<double> normal_scores(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> scores(count);
  for (double& score : scores) {
    score = random.normal();
  }
  return scores;
}

}  // namespace gradspace::testing
