#include "results/results_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "gradspace/challenge.h"

namespace gradspace {

std::span<const MetricField> metric_fields() {
  static constexpr MetricField kFields[] = {
      {"accuracy", &DetectionMetrics::accuracy},
      {"auroc", &DetectionMetrics::auroc},
      {"aupr_in", &DetectionMetrics::aupr_in},
      {"aupr_out", &DetectionMetrics::aupr_out},
      {"fpr95_in_positive", &DetectionMetrics::fpr95_in_positive},
      {"fpr95_ood_positive", &DetectionMetrics::fpr95_ood_positive},
      {"detection_error", &DetectionMetrics::detection_error},
  };
  return kFields;
}

std::span<const PaperRow> paper_rows() {
  static const std::vector<PaperRow> rows = {
      {"VAE-A", {{1, 56.51}, {3, 62.01}, {8, 84.72}, {2, 93.49}, {5, 93.70}, {9, 94.10}}},
      {"VAE-R", {{1, 70.24}, {3, 60.64}, {8, 68.59}, {2, 89.08}, {5, 90.83}, {9, 92.57}}},
      {"VAE-L", {{1, 56.18}, {3, 63.94}, {8, 83.04}, {2, 94.51}, {5, 94.08}, {9, 94.74}}},
      {"proposed", {{1, 62.67}, {3, 64.76}, {8, 87.57}, {2, 95.26}, {5, 95.71}, {9, 95.85}}},
  };
  return rows;
}

std::vector<std::string> methods_of(const Results& results) {
  std::unordered_set<std::string_view> seen;
  std::vector<std::string> methods;
  for (const ResultRow& row : results.rows) {
    if (seen.insert(row.method).second) {
      methods.push_back(row.method);
    }
  }
  return methods;
}

std::vector<int> types_of(const Results& results) {
  std::vector<int> types;
  for (const ResultRow& row : results.rows) {
    types.push_back(row.type);
  }
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  return types;
}

std::string type_name(ResultsKind kind, int type) {
  if (kind == ResultsKind::kGradCon) {
    return fmt::format("class {}", type);
  }
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    if (static_cast<int>(info.type) == type) {
      return std::string(info.name);
    }
  }
  return "outliers";
}

MeanAndSpread summarise(std::span<const ResultRow* const> rows, double DetectionMetrics::*metric) {
  std::map<int, std::pair<double, int>> by_run;
  for (const ResultRow* row : rows) {
    auto& [sum, count] = by_run[row->run];
    sum += row->metrics.*metric;
    ++count;
  }
  const auto runs = static_cast<double>(by_run.size());
  MeanAndSpread summary;
  for (const auto& [run, sum] : by_run) {
    summary.mean += sum.first / sum.second / runs;
  }
  if (by_run.size() > 1) {
    double squares = 0;
    for (const auto& [run, sum] : by_run) {
      squares += std::pow(sum.first / sum.second - summary.mean, 2);
    }
    summary.deviation = std::sqrt(squares / (runs - 1));
  }
  return summary;
}

}  // namespace gradspace
