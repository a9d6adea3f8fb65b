#include "experiment/quality_benchmark/differences.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>

#include "gradspace/quality.h"

namespace gradspace {
namespace {

/// The images that all metrics have a finite score of, with signs such that larger scores mean larger opinions.
OpinionSample judged_by_all(const std::vector<std::string>& metrics, const ScoredPairs& scored,
                            const AgreementOptions& options) {
  OpinionSample images;
  images.scores.resize(metrics.size());
  std::map<std::string, std::size_t> references;
  for (std::size_t i = 0; i < scored.pairs.size(); ++i) {
    if (!std::ranges::all_of(scored.scores[i], [](double score) { return std::isfinite(score); })) {
      continue;
    }
    const OpinionPair& pair = scored.pairs[i];
    images.opinions.push_back(pair.opinion);
    images.references.push_back(
        references.try_emplace(pair.reference, references.size()).first->second);
    for (std::size_t metric = 0; metric < metrics.size(); ++metric) {
      const double sign = rises_with_opinions(metrics[metric], options) ? 1 : -1;
      images.scores[metric].push_back(sign * scored.scores[i][metric]);
    }
  }
  return images;
}

}  // namespace

bool rises_with_opinions(const std::string& metric, const AgreementOptions& options) {
  return quality_metric_info(metric).larger_is_better == options.larger_is_better;
}

std::vector<QualityDifference> metric_differences(const std::vector<std::string>& metrics,
                                                  const ScoredPairs& scored,
                                                  const AgreementOptions& options) {
  const OpinionSample images = judged_by_all(metrics, scored, options);
  std::vector<QualityDifference> differences;
  if (images.opinions.empty()) {
    return differences;
  }
  for (const AgreementDifference& pair : agreement_differences(images, options)) {
    differences.push_back(
        {metrics[pair.first], metrics[pair.second], images.opinions.size(), pair});
  }
  return differences;
}

}  // namespace gradspace
