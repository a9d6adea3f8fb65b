#include "experiment/quality_benchmark/outputs.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "core/csv.h"
#include "gradspace/quality.h"
#include "gradspace/version.h"
#include "results/results_kind.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr int kResultsFormat = 1;
/// The figures of an agreement, by name.
std::vector<std::pair<std::string, std::optional<Estimate>>> figures_of(const Agreement& a) {
  return {{"srocc", a.srocc},
          {"krocc", a.krocc},
          {"plcc", a.plcc},
          {"rmse", a.rmse},
          {"outlier_ratio", a.outlier_ratio}};
}

json published_json(const PublishedAgreement& row) {
  json item = {{"metric", row.metric}, {"type", kAllTypes}, {"source", row.source}};
  const std::array<std::pair<const char*, std::optional<double>>, 4> figures{
      {{"srocc", row.srocc},
       {"plcc", row.plcc},
       {"rmse", row.rmse},
       {"outlier_ratio", row.outlier_ratio}}};
  for (const auto& [name, figure] : figures) {
    item[name] = figure ? json(*figure) : json(nullptr);
  }
  return item;
}

json difference_json(const QualityDifference& row) {
  const auto& [first, second, srocc, p, p_holm] = row.difference;
  return {{"first", row.first},
          {"second", row.second},
          {"n", row.n},
          {"srocc", srocc ? json(srocc->value) : json(nullptr)},
          {"srocc_low", srocc ? json(srocc->low) : json(nullptr)},
          {"srocc_high", srocc ? json(srocc->high) : json(nullptr)},
          {"p", p ? json(*p) : json(nullptr)},
          {"p_holm", p_holm ? json(*p_holm) : json(nullptr)}};
}

}  // namespace

std::string scores_csv(const std::vector<std::string>& metrics, const ScoredPairs& scored) {
  CsvWriter csv;
  csv.add("reference", "distorted", "type", "opinion");
  for (const std::string& metric : metrics) {
    csv.add(metric);
  }
  csv.end_row();
  for (std::size_t i = 0; i < scored.pairs.size(); ++i) {
    const OpinionPair& pair = scored.pairs[i];
    csv.add(pair.reference, pair.distorted, pair.type, pair.opinion);
    for (const double score : scored.scores[i]) {
      csv.add(std::isfinite(score) ? fmt::format("{}", score) : std::string());
    }
    csv.end_row();
  }
  return std::string(csv.text());
}

json benchmark_json(const std::vector<std::string>& metrics, const QualityBenchmarkResult& result,
                    json options) {
  json summary = json::array();
  for (const QualitySummaryRow& row : result.summary) {
    json item = {{"metric", row.metric},
                 {"type", row.type},
                 {"n", row.agreement.n},
                 {"fit", row.agreement.fit.b},
                 {"fit_is_linear", row.agreement.fit.linear}};
    for (const auto& [name, figure] : figures_of(row.agreement)) {
      item[name] = figure ? json(figure->value) : json(nullptr);
      item[name + "_low"] = figure ? json(figure->low) : json(nullptr);
      item[name + "_high"] = figure ? json(figure->high) : json(nullptr);
    }
    summary.push_back(std::move(item));
  }
  json differences = json::array();
  for (const QualityDifference& row : result.differences) {
    differences.push_back(difference_json(row));
  }
  json directions = json::array();
  for (const std::string& metric : metrics) {
    directions.push_back(
        {{"name", metric}, {"larger_is_better", quality_metric_info(metric).larger_is_better}});
  }
  json published = json::array();
  for (const PublishedAgreement& row : result.published) {
    published.push_back(published_json(row));
  }
  return {{"format_version", kResultsFormat},
          {"gradspace_version", kVersion},
          {"kind", name(ResultsKind::kImageQuality)},
          {"options", std::move(options)},
          {"metrics", std::move(directions)},
          {"summary", std::move(summary)},
          {"differences", std::move(differences)},
          {"published", std::move(published)},
          {"left_out", result.left_out}};
}

}  // namespace gradspace
