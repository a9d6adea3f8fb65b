#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gradspace/results.h"
#include "results/results_summary.h"
#include "results/text_table.h"

namespace gradspace {
namespace {

using Rows = std::vector<const ResultRow*>;

/// With the spread between runs.
std::string table_cell(const Rows& rows, double DetectionMetrics::*metric, double scale,
                       int digits) {
  if (rows.empty()) {
    return "";
  }
  const MeanAndSpread value = summarise(rows, metric);
  std::string text = fmt::format("{:.{}f}", value.mean * scale, digits);
  if (value.deviation) {
    text += fmt::format(" ±{:.{}f}", *value.deviation * scale, digits);
  }
  return text;
}

/// One-class detectors are many: the best mean AUROC comes first. Others stand in the order of the rows.
std::vector<std::string> methods_in_order(const Results& results,
                                          const std::map<std::string, Rows>& by_method) {
  std::vector<std::string> methods = methods_of(results);
  if (results.kind == ResultsKind::kOneClass) {
    std::ranges::stable_sort(methods, std::greater(), [&](const std::string& method) {
      return summarise(by_method.at(method), &DetectionMetrics::auroc).mean;
    });
  }
  return methods;
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

/// " (0.62 to 0.68)"; empty where there is none.
std::string interval_text(const Results& results, const std::string& method,
                          std::optional<int> type) {
  const auto found =
      std::ranges::find_if(results.mean_intervals, [&](const MeanInterval& interval) {
        return interval.method == method && interval.type == type;
      });
  return found == results.mean_intervals.end()
             ? ""
             : fmt::format(" ({:.3f} to {:.3f})", found->auroc.low, found->auroc.high);
}

/// A cell's text from its method, its type (none: all types), and the rows of both.
using Cell = std::function<std::string(const std::string&, std::optional<int>, const Rows&)>;

std::string table_of(const Results& results, const Cell& cell, bool with_paper) {
  const RowTypes row_types(results);
  const std::vector<int>& types = row_types.numbers();
  std::map<std::string, std::map<int, Rows>> by_type;
  std::map<std::string, Rows> by_method;
  for (const ResultRow& row : results.rows) {
    by_type[row.method][row_types.number_of(row)].push_back(&row);
    by_method[row.method].push_back(&row);
  }
  std::vector<std::string> header{"method"};
  for (const int type : types) {
    header.push_back(row_types.label(type));
  }
  header.emplace_back("mean");
  TextTable table(std::move(header));
  for (const std::string& method : methods_in_order(results, by_method)) {
    std::vector<std::string> cells{method};
    for (const int type : types) {
      cells.push_back(cell(method, type, by_type[method][type]));
    }
    cells.push_back(cell(method, std::nullopt, by_method[method]));
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

std::string accuracy_table(const Results& results) {
  return table_of(
      results,
      [](const std::string& /*method*/, std::optional<int> /*type*/, const Rows& rows) {
        return table_cell(rows, &DetectionMetrics::accuracy, 100, 2);
      },
      /*with_paper=*/true);
}

/// Where a single detector was judged, and means have no intervals, with those of rows.
std::string auroc_table(const Results& results) {
  constexpr int kDigits = 4;
  return table_of(
      results,
      [&](const std::string& /*method*/, std::optional<int> /*type*/, const Rows& rows) {
        std::string text = table_cell(rows, &DetectionMetrics::auroc, 1, kDigits);
        if (results.mean_intervals.empty() && rows.size() == 1 && rows.front()->auroc_interval) {
          const Interval& interval = *rows.front()->auroc_interval;
          text +=
              fmt::format(" ({:.{}f} to {:.{}f})", interval.low, kDigits, interval.high, kDigits);
        }
        return text;
      },
      /*with_paper=*/false);
}

/// Mean AUROCs with their intervals.
std::string interval_table(const Results& results) {
  return table_of(
      results,
      [&](const std::string& method, std::optional<int> type, const Rows& rows) {
        return rows.empty()
                   ? ""
                   : fmt::format("{:.3f}{}", summarise(rows, &DetectionMetrics::auroc).mean,
                                 interval_text(results, method, type));
      },
      /*with_paper=*/false);
}

}  // namespace

std::string results_table(const Results& results, bool intervals) {
  if (results.rows.empty()) {
    return "no results\n";
  }
  const char* over = results.kind == ResultsKind::kGradCon ? "" : ", mean over levels";
  return fmt::format("Balanced accuracy at the detector's threshold, %{}\n", over) +
         accuracy_table(results) + fmt::format("\nAUROC{}\n", over) +
         (intervals ? interval_table(results) : auroc_table(results));
}

}  // namespace gradspace
