// Scores many pairs of image files on all cores.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradspace/quality.h"
#include "jobs/iqa_pairs.h"

namespace gradspace::cli {

/// What became of one pair.
struct PairScore {
  std::vector<double> scores;  ///< by metric; empty when it failed
  std::string failure;
};

class IqaBatch {
 public:
  explicit IqaBatch(std::vector<std::unique_ptr<QualityMetric>> metrics);
  ~IqaBatch();

  /// Scores in the order of the pairs. Neighbours with one reference share its preparation. Memory
  /// is bounded: large pairs wait for one another. `on_done` is called once a pair, from any thread.
  std::vector<PairScore> score(std::span<const ImagePair> pairs,
                               const std::function<void()>& on_done) const;

 private:
  class Memory;

  void score_run(std::span<const ImagePair> pairs, std::span<PairScore> scores,
                 const std::function<void()>& on_done) const;

  std::vector<std::unique_ptr<QualityMetric>> metrics_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace gradspace::cli
