// How the metrics of a quality benchmark differ.
#pragma once

#include <string>
#include <vector>

#include "experiment/quality_benchmark/outputs.h"

namespace gradspace {

/// Whether a larger score of the metric means a larger opinion: both may be turned around.
bool rises_with_opinions(const std::string& metric, const AgreementOptions& options);

/// Of all pairs of metrics, on the images that all of them have a finite score of; none where there is no such image.
std::vector<QualityDifference> metric_differences(const std::vector<std::string>& metrics,
                                                  const ScoredPairs& scored,
                                                  const AgreementOptions& options);

}  // namespace gradspace
