#include <algorithm>
#include <vector>

#include "gradspace/quality.h"
#include "jobs/folder_comparison/summaries.h"

namespace gradspace {
namespace {

/// Of at least one value, which it puts into another order; the mean of the two in the middle of an even number.
double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) {
    return *middle;
  }
  const double below = *std::max_element(values.begin(), middle);
  return below == *middle ? below : (below + *middle) / 2;  // infinities stay what they are
}

std::optional<QualitySummary> summary_of(const FolderComparison& comparison,
                                         const std::vector<std::size_t>& pairs,
                                         std::size_t metric) {
  const bool larger_is_better = quality_metric_info(comparison.metrics[metric]).larger_is_better;
  QualitySummary summary;
  std::vector<double> values;
  for (const std::size_t i : pairs) {
    const std::optional<double>& score = comparison.pairs[i].scores[metric];
    if (!score) {
      continue;
    }
    const bool worse = larger_is_better ? *score < summary.worst : *score > summary.worst;
    if (values.empty() || worse) {
      summary.worst = *score;
      summary.worst_pair = i;
    }
    values.push_back(*score);
    summary.mean += *score;
  }
  if (values.empty()) {
    return std::nullopt;
  }
  summary.images = values.size();
  summary.mean /= static_cast<double>(values.size());
  summary.median = median_of(values);
  return summary;
}

}  // namespace

void summarise_folders(FolderComparison& comparison) {
  std::vector<std::vector<std::size_t>> scored(comparison.folders.size());
  for (std::size_t i = 0; i < comparison.pairs.size(); ++i) {
    const ComparedPair& pair = comparison.pairs[i];
    ComparedFolder& folder = comparison.folders[pair.folder];
    if (!pair.scored()) {
      ++folder.failed;
      continue;
    }
    scored[pair.folder].push_back(i);
    ++folder.images;
    folder.bytes += pair.bytes;
    folder.bits_per_pixel += pair.bits_per_pixel;
    if (std::ranges::any_of(pair.scores, [](const auto& score) { return !score; })) {
      ++folder.incomplete;
    }
  }
  for (std::size_t i = 0; i < comparison.folders.size(); ++i) {
    ComparedFolder& folder = comparison.folders[i];
    if (folder.images > 0) {
      folder.bits_per_pixel /= static_cast<double>(folder.images);
    }
    for (std::size_t metric = 0; metric < comparison.metrics.size(); ++metric) {
      folder.scores.push_back(summary_of(comparison, scored[i], metric));
    }
  }
}

}  // namespace gradspace
