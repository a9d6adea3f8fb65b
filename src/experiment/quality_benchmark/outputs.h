// The files and the table of a quality benchmark.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gradspace/opinion_database.h"
#include "gradspace/research/quality_benchmark.h"

namespace gradspace {

/// The type of the rows that judge a metric on the pairs of all types.
inline constexpr const char* kAllTypes = "all";

/// The scores of the pairs that have any; infinite where a metric has no finite one.
struct ScoredPairs {
  std::vector<OpinionPair> pairs;
  std::vector<std::vector<double>> scores;  ///< a vector a pair, a score a metric
};

std::string scores_csv(const std::vector<std::string>& metrics, const ScoredPairs& scored);

nlohmann::json benchmark_json(const std::vector<std::string>& metrics,
                              const QualityBenchmarkResult& result, nlohmann::json options);

}  // namespace gradspace
