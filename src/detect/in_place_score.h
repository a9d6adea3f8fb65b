// Score functions that work in memory that is kept.
#pragma once

#include <span>
#include <vector>

#include "detect/score_memory.h"
#include "gradspace/one_class.h"

namespace gradspace {

/// A score function that is defined by `score_into`.
class InPlaceScore : public ScoreFunction {
 public:
  std::vector<double> score(const Observations& observations) const final {
    ScoreMemory memory;
    std::vector<double> scores(observations.count);
    score_into(observations, memory, scores);
    return scores;
  }
  void score_into(const Observations& observations, ScoreMemory& memory,
                  std::span<double> scores) const override = 0;
};

}  // namespace gradspace
