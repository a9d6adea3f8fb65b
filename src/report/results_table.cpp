#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "gradspace/challenge.h"
#include "gradspace/results.h"
#include "report/text_table.h"

namespace gradspace {
namespace {

/// Balanced accuracy in percent, mean over levels (Kwon et al. 2019, table 1).
struct PaperRow {
  const char* method;
  std::map<int, double> accuracy_by_type;
};

const std::vector<PaperRow>& paper_rows() {
  static const std::vector<PaperRow> rows = {
      {"VAE-A", {{1, 56.51}, {3, 62.01}, {8, 84.72}, {2, 93.49}, {5, 93.70}, {9, 94.10}}},
      {"VAE-R", {{1, 70.24}, {3, 60.64}, {8, 68.59}, {2, 89.08}, {5, 90.83}, {9, 92.57}}},
      {"VAE-L", {{1, 56.18}, {3, 63.94}, {8, 83.04}, {2, 94.51}, {5, 94.08}, {9, 94.74}}},
      {"proposed", {{1, 62.67}, {3, 64.76}, {8, 87.57}, {2, 95.26}, {5, 95.71}, {9, 95.85}}},
  };
  return rows;
}

/// In the order of first appearance.
std::vector<std::string> methods_of(const Results& results) {
  std::vector<std::string> methods;
  for (const ResultRow& row : results.rows) {
    if (std::find(methods.begin(), methods.end(), row.method) == methods.end()) {
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

std::string type_name(int type) {
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    if (static_cast<int>(info.type) == type) {
      return std::string(info.name);
    }
  }
  return "outliers";
}

struct MeanAndSpread {
  double mean = 0;
  std::optional<double> deviation;  ///< between runs
};

/// The mean over a method's rows that `keep` accepts: first within each run, then over runs.
template <typename Keep>
std::optional<MeanAndSpread> summarise(const Results& results, double DetectionMetrics::*metric,
                                       Keep keep) {
  std::map<int, std::pair<double, int>> by_run;
  for (const ResultRow& row : results.rows) {
    if (keep(row)) {
      auto& [sum, count] = by_run[row.run];
      sum += row.metrics.*metric;
      ++count;
    }
  }
  if (by_run.empty()) {
    return std::nullopt;
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

std::string cell(const std::optional<MeanAndSpread>& value, double scale, int digits) {
  if (!value) {
    return "";
  }
  std::string text = fmt::format("{:.{}f}", value->mean * scale, digits);
  if (value->deviation) {
    text += fmt::format(" ±{:.{}f}", *value->deviation * scale, digits);
  }
  return text;
}

/// The paper's row for `method`, with its mean where it tested every type of the table.
std::vector<std::string> paper_cells(const PaperRow& paper, const std::vector<int>& types) {
  std::vector<std::string> cells{"  paper"};
  double sum = 0;
  std::size_t found = 0;
  for (const int type : types) {
    const auto accuracy = paper.accuracy_by_type.find(type);
    if (accuracy == paper.accuracy_by_type.end()) {
      cells.emplace_back();
      continue;
    }
    cells.push_back(fmt::format("{:.2f}", accuracy->second));
    sum += accuracy->second;
    ++found;
  }
  cells.push_back(found == types.size() && found > 0
                      ? fmt::format("{:.2f}", sum / static_cast<double>(found))
                      : "");
  return found > 0 ? cells : std::vector<std::string>{};
}

std::string metric_table(const Results& results, double DetectionMetrics::*metric, double scale,
                         int digits, bool with_paper) {
  const std::vector<int> types = types_of(results);
  std::vector<std::string> header{"method"};
  for (const int type : types) {
    header.push_back(type_name(type));
  }
  header.emplace_back("mean");
  TextTable table(std::move(header));
  for (const std::string& method : methods_of(results)) {
    std::vector<std::string> cells{method};
    for (const int type : types) {
      cells.push_back(cell(
          summarise(results, metric,
                    [&](const ResultRow& row) { return row.method == method && row.type == type; }),
          scale, digits));
    }
    cells.push_back(
        cell(summarise(results, metric, [&](const ResultRow& row) { return row.method == method; }),
             scale, digits));
    table.add_row(std::move(cells));
    for (const PaperRow& paper : paper_rows()) {
      std::vector<std::string> paper_line;
      if (with_paper && paper.method == method) {
        paper_line = paper_cells(paper, types);
      }
      if (!paper_line.empty()) {
        table.add_row(std::move(paper_line));
      }
    }
  }
  return table.text();
}

}  // namespace

std::string results_table(const Results& results) {
  if (results.rows.empty()) {
    return "no results\n";
  }
  return "Balanced accuracy at the detector's threshold, %, mean over levels\n" +
         metric_table(results, &DetectionMetrics::accuracy, 100, 2, true) +
         "\nAUROC, mean over levels\n" +
         metric_table(results, &DetectionMetrics::auroc, 1, 4, false);
}

}  // namespace gradspace
