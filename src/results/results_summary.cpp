#include "results/results_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/random.h"
#include "gradspace/challenge.h"
#include "results/small_number.h"

namespace gradspace {
namespace {

constexpr int kFirstName = kMaxNumber + 1;  ///< no type or class has a number from here on

}  // namespace

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

RowTypes::RowTypes(const Results& results) : kind_(results.kind) {
  for (const ResultRow& row : results.rows) {
    if (row.name.empty()) {
      numbers_.push_back(row.type);
    } else if (std::find(names_.begin(), names_.end(), row.name) == names_.end()) {
      names_.push_back(row.name);
    }
  }
  std::sort(numbers_.begin(), numbers_.end());
  numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  for (std::size_t i = 0; i < names_.size(); ++i) {
    numbers_.push_back(kFirstName + static_cast<int>(i));
  }
}

int RowTypes::number_of(int type, const std::string& name) const {
  int number = type;
  if (!name.empty()) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
      return -1;
    }
    number = kFirstName + static_cast<int>(found - names_.begin());
  }
  return std::binary_search(numbers_.begin(), numbers_.end(), number) ? number : -1;
}

bool RowTypes::is_named(int number) const {
  return number >= kFirstName;
}

std::string RowTypes::label(int number) const {
  return is_named(number) ? names_.at(static_cast<std::size_t>(number - kFirstName))
                          : type_name(kind_, number);
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

std::uint64_t bootstrap_stream(const std::string& name) {
  return name.empty() ? 0 : hash_text(name);
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
