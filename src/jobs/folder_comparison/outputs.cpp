#include "jobs/folder_comparison/outputs.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/csv.h"
#include "gradspace/quality.h"
#include "gradspace/quality_scale.h"
#include "gradspace/version.h"
#include "results/results_kind.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr int kComparisonFormat = 1;

json or_null(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? json(*value) : json(nullptr);
}

/// Each metric's direction, for who reads the figures without knowing it.
json metrics_json(const FolderComparison& comparison) {
  json metrics = json::array();
  for (const std::string& metric : comparison.metrics) {
    metrics.push_back(
        {{"name", metric}, {"larger_is_better", quality_metric_info(metric).larger_is_better}});
  }
  return metrics;
}

/// What a median is like; null where there is no scale for it.
json equivalent_json(const FolderComparison& comparison, const std::string& metric, double score) {
  const bool has_scale = has_quality_scale(metric, !comparison.own_decoder);
  const auto equivalent = has_scale ? quality_equivalent(metric, score) : std::nullopt;
  if (!equivalent) {
    return nullptr;
  }
  return {{"jpeg_quality", equivalent->jpeg_quality},
          {"impairment", impairment_name(equivalent->impairment)},
          {"text", equivalent_text(*equivalent)}};
}

json folder_json(const FolderComparison& comparison, const ComparedFolder& folder) {
  json scores = json::array();
  for (std::size_t i = 0; i < comparison.metrics.size(); ++i) {
    const std::optional<QualitySummary>& summary = folder.scores[i];
    if (summary) {
      scores.push_back({{"metric", comparison.metrics[i]},
                        {"images", summary->images},
                        {"mean", or_null(summary->mean)},
                        {"median", or_null(summary->median)},
                        {"median_equivalent",
                         equivalent_json(comparison, comparison.metrics[i], summary->median)},
                        {"worst", or_null(summary->worst)},
                        {"worst_image", comparison.pairs[summary->worst_pair].distorted}});
    }
  }
  return {{"name", folder.name},
          {"path", std::filesystem::absolute(folder.path).lexically_normal().string()},
          {"images", folder.images},
          {"failed", folder.failed},
          {"incomplete", folder.incomplete},
          {"unmatched", folder.unmatched.size()},
          {"bytes", folder.bytes},
          {"bits_per_pixel", folder.images > 0 ? json(folder.bits_per_pixel) : json(nullptr)},
          {"scores", std::move(scores)}};
}

json curves_json(const FolderComparison& comparison) {
  json curves = json::array();
  for (const RateCurve& curve : comparison.curves) {
    json folders = json::array();
    for (const std::size_t folder : curve.folders) {
      folders.push_back(comparison.folders[folder].name);
    }
    curves.push_back({{"name", curve.name}, {"folders", std::move(folders)}});
  }
  return curves;
}

json of_means_json(const RateComparison& means) {
  const bool known = means.bd_rate.has_value();
  return {{"bd_rate", or_null(means.bd_rate)},
          {"bd_quality", or_null(means.bd_quality)},
          {"lowest_quality", known ? json(means.lowest_quality) : json(nullptr)},
          {"highest_quality", known ? json(means.highest_quality) : json(nullptr)},
          {"refusal", means.refusal}};
}

json comparisons_json(const FolderComparison& comparison) {
  json comparisons = json::array();
  for (const CurveComparison& row : comparison.comparisons) {
    comparisons.push_back({{"curve", comparison.curves[row.curve].name},
                           {"metric", comparison.metrics[row.metric]},
                           {"images", row.images},
                           {"compared", row.compared},
                           {"mean_bd_rate", or_null(row.mean_bd_rate)},
                           {"lowest_bd_rate", or_null(row.lowest_bd_rate)},
                           {"highest_bd_rate", or_null(row.highest_bd_rate)},
                           {"refusal", row.refusal},
                           {"of_means", of_means_json(row.of_means)}});
  }
  return comparisons;
}

}  // namespace

std::string folder_scores_csv(const FolderComparison& comparison) {
  CsvWriter csv;
  csv.add("folder", "reference", "distorted", "bytes", "bpp");
  for (const std::string& metric : comparison.metrics) {
    csv.add(metric);
  }
  csv.end_row();
  for (const ComparedPair& pair : comparison.pairs) {
    if (!pair.scored()) {
      continue;
    }
    csv.add(comparison.folders[pair.folder].name, pair.reference, pair.distorted, pair.bytes,
            pair.bits_per_pixel);
    for (const std::optional<double>& score : pair.scores) {
      csv.add(score ? fmt::format("{}", *score) : std::string());
    }
    csv.end_row();
  }
  return std::string(csv.text());
}

json folder_comparison_json(const FolderComparison& comparison, json options) {
  json folders = json::array();
  for (const ComparedFolder& folder : comparison.folders) {
    folders.push_back(folder_json(comparison, folder));
  }
  return {{"format_version", kComparisonFormat},
          {"gradspace_version", kVersion},
          {"kind", name(ResultsKind::kFolderComparison)},
          {"options", std::move(options)},
          {"metrics", metrics_json(comparison)},
          {"folders", std::move(folders)},
          {"curves", curves_json(comparison)},
          {"anchor",
           comparison.anchor ? json(comparison.curves[*comparison.anchor].name) : json(nullptr)},
          {"interpolation", name(comparison.interpolation)},
          {"bd_rates", comparisons_json(comparison)}};
}

}  // namespace gradspace
