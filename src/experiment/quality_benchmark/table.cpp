// The summary of a quality benchmark as a table for people.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiment/quality_benchmark/outputs.h"
#include "gradspace/research/quality_benchmark.h"
#include "results/text_table.h"

namespace gradspace {
namespace {

std::string figure_text(const std::optional<Estimate>& figure) {
  if (!figure) {
    return "-";
  }
  return fmt::format("{:.4f} [{:.4f}, {:.4f}]", figure->value, figure->low, figure->high);
}

std::string published_text(const std::optional<double>& figure) {
  return figure ? fmt::format("{:.3f}", *figure) : "-";
}

std::string summary_table(const QualityBenchmarkResult& result) {
  TextTable table({"metric", "SROCC", "KROCC", "PLCC", "RMSE", "outlier ratio", "pairs"});
  for (const QualitySummaryRow& row : result.summary) {
    if (row.type == kAllTypes) {
      const Agreement& a = row.agreement;
      std::vector<std::string> cells{row.metric};
      for (const auto& figure :
           {a.srocc, a.krocc, a.plcc, std::optional(a.rmse), a.outlier_ratio}) {
        cells.push_back(figure_text(figure));
      }
      cells.push_back(fmt::format("{}{}", a.n, a.fit.linear ? " (line fitted)" : ""));
      table.add_row(std::move(cells));
    }
  }
  return table.text();
}

std::string published_table(const QualityBenchmarkResult& result) {
  TextTable table({"published", "SROCC", "PLCC", "RMSE", "outlier ratio", "source"});
  for (const PublishedAgreement& row : result.published) {
    table.add_row({row.metric, published_text(row.srocc), published_text(row.plcc),
                   published_text(row.rmse), published_text(row.outlier_ratio), row.source});
  }
  return table.text();
}

std::string type_table(const QualityBenchmarkResult& result) {
  std::vector<std::string> header{"SROCC by type"};
  std::vector<std::string> types;
  std::map<std::pair<std::string, std::string>, std::string> cells;  // by type and metric
  std::map<std::string, std::size_t> counts;
  for (const QualitySummaryRow& row : result.summary) {
    if (row.type == kAllTypes) {
      header.push_back(row.metric);
      continue;
    }
    if (counts.try_emplace(row.type, row.agreement.n).second) {
      types.push_back(row.type);
    }
    const auto& srocc = row.agreement.srocc;
    cells[{row.type, row.metric}] = srocc ? fmt::format("{:.4f}", srocc->value) : "-";
  }
  if (types.empty()) {
    return {};
  }
  const std::size_t columns = header.size();
  header.emplace_back("pairs");
  TextTable table(header);
  for (const std::string& type : types) {
    std::vector<std::string> row{type};
    for (std::size_t i = 1; i < columns; ++i) {
      row.push_back(cells[{type, header[i]}]);
    }
    row.push_back(std::to_string(counts[type]));
    table.add_row(std::move(row));
  }
  return '\n' + table.text();
}

/// The metric of the largest SROCC over all types; empty where none has one.
std::string best_metric(const QualityBenchmarkResult& result) {
  std::string best;
  double most = -2;
  for (const QualitySummaryRow& row : result.summary) {
    if (row.type == kAllTypes && row.agreement.srocc && row.agreement.srocc->value > most) {
      most = row.agreement.srocc->value;
      best = row.metric;
    }
  }
  return best;
}

/// How much better than each other metric the best one is; nothing where no metric has a correlation.
std::string difference_table(const QualityBenchmarkResult& result) {
  const std::string best = best_metric(result);
  if (result.differences.empty() || best.empty()) {
    return {};
  }
  TextTable table({best + " and", "difference of SROCC", "p (Williams)", "p (Holm)", "pairs"});
  const auto text = [](const std::optional<double>& p) {
    return p ? fmt::format("{:.2g}", *p) : std::string("-");
  };
  for (const QualityDifference& row : result.differences) {
    if (row.first != best && row.second != best) {
      continue;
    }
    std::optional<Estimate> srocc = row.difference.srocc;
    if (srocc && row.second == best) {
      srocc = Estimate{0 - srocc->value, 0 - srocc->high, 0 - srocc->low};
    }
    table.add_row({row.first == best ? row.second : row.first, figure_text(srocc),
                   text(row.difference.p), text(row.difference.p_holm), std::to_string(row.n)});
  }
  return '\n' + table.text();
}

}  // namespace

std::string quality_benchmark_table(const QualityBenchmarkResult& result) {
  std::string text = summary_table(result);
  if (!result.published.empty()) {
    text += '\n' + published_table(result);
  }
  return text + type_table(result) + difference_table(result);
}

}  // namespace gradspace
