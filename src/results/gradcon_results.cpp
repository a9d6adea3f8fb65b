#include "results/gradcon_results.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/version.h"
#include "results/result_rows.h"
#include "results/results_kind.h"
#include "results/results_summary.h"
#include "results/run_files.h"
#include "results/small_number.h"
#include "results/text_table.h"

namespace gradspace {
namespace {

using nlohmann::json;

std::string gradcon_csv(std::span<const GradConBenchmarkRow> rows) {
  std::string text = "method,class,run,best_epoch";
  for (const MetricField& field : metric_fields()) {
    text += fmt::format(",{}", field.name);
  }
  text += ",n_in,n_out\n";
  for (const GradConBenchmarkRow& row : rows) {
    const ResultRow& result = row.result;
    text += fmt::format("{},{},{},{}", result.method, row.inlier_class, result.run, row.best_epoch);
    for (const MetricField& field : metric_fields()) {
      text += fmt::format(",{}", result.metrics.*field.value);
    }
    text += fmt::format(",{},{}\n", result.metrics.n_in, result.metrics.n_out);
  }
  return text;
}

/// The rows of a method; with a class, of that class.
std::vector<const ResultRow*> rows_of(std::span<const GradConBenchmarkRow> rows,
                                      std::string_view method,
                                      std::optional<int> inlier_class = std::nullopt) {
  std::vector<const ResultRow*> found;
  for (const GradConBenchmarkRow& row : rows) {
    if (row.result.method == method && (!inlier_class || row.inlier_class == *inlier_class)) {
      found.push_back(&row.result);
    }
  }
  return found;
}

/// Mean AUROC over classes and runs.
json summary(std::span<const GradConBenchmarkRow> rows) {
  json list = json::array();
  for (const char* method : kGradConMethods) {
    const std::vector<const ResultRow*> found = rows_of(rows, method);
    list.push_back({{"method", method},
                    {"auroc", summarise(found, &DetectionMetrics::auroc).mean},
                    {"n", found.size()}});
  }
  return list;
}

/// "0.9123", or "0.9123 ±0.0041" of several runs.
std::string auroc_text(std::span<const ResultRow* const> rows) {
  if (rows.empty()) {
    return "";
  }
  const MeanAndSpread auroc = summarise(rows, &DetectionMetrics::auroc);
  return auroc.deviation ? fmt::format("{:.4f} ±{:.4f}", auroc.mean, *auroc.deviation)
                         : fmt::format("{:.4f}", auroc.mean);
}

GradConBenchmarkRow benchmark_row_from_json(const json& item, const std::string& file) {
  const auto number = [&](const char* key) {
    return small_number(item.at(key), fmt::format("{}: {}", file, key));
  };
  return {number("class"), number("best_epoch"), row_from_json(item, file)};
}

}  // namespace

double gradcon_method_score(std::string_view method, const GradConScore& score) {
  return method == "gradcon" ? score.score : method == "gradient" ? -score.cosine : score.error;
}

std::vector<double> gradcon_method_scores(std::string_view method,
                                          std::span<const GradConScore> scores) {
  std::vector<double> result;
  result.reserve(scores.size());
  for (const GradConScore& score : scores) {
    result.push_back(gradcon_method_score(method, score));
  }
  return result;
}

void write_gradcon_results(const std::filesystem::path& folder, const GradConResults& results) {
  write_file(folder / "results.csv", gradcon_csv(results.rows));
  json rows = json::array();
  for (const GradConBenchmarkRow& row : results.rows) {
    json item = row_to_json(row.result);
    item["class"] = row.inlier_class;
    item["best_epoch"] = row.best_epoch;
    rows.push_back(std::move(item));
  }
  const json file = {{"format_version", kResultsFormat},
                     {"gradspace_version", kVersion},
                     {"kind", name(ResultsKind::kGradCon)},
                     {"options", json::parse(results.options_json)},
                     {"record", json::parse(results.record_json)},
                     {"summary", summary(results.rows)},
                     {"rows", std::move(rows)}};
  write_file(folder / "results.json", file.dump(1) + "\n");
}

GradConResults read_gradcon_results(const std::filesystem::path& path) {
  const json file = read_versioned_json(path);
  try {
    GradConResults results;
    results.options_json = file.at("options").dump();
    results.record_json = file.value("record", json::object()).dump();
    for (const json& item : file.at("rows")) {
      results.rows.push_back(benchmark_row_from_json(item, path.string()));
    }
    return results;
  } catch (const json::exception&) {
    throw FormatError(fmt::format("{}: not a benchmark's results", path.string()));
  }
}

std::string gradcon_benchmark_table(std::span<const GradConBenchmarkRow> rows) {
  std::set<int> classes;
  for (const GradConBenchmarkRow& row : rows) {
    classes.insert(row.inlier_class);
  }
  std::vector<std::string> header{"class"};
  header.insert(header.end(), std::begin(kGradConMethods), std::end(kGradConMethods));
  TextTable table(header);
  const auto add = [&](const std::string& name, std::optional<int> inlier_class) {
    std::vector<std::string> cells{name};
    for (const char* method : kGradConMethods) {
      cells.push_back(auroc_text(rows_of(rows, method, inlier_class)));
    }
    table.add_row(std::move(cells));
  };
  for (const int inlier_class : classes) {
    add(std::to_string(inlier_class), inlier_class);
  }
  table.add_rule();
  add("mean", std::nullopt);
  return table.text();
}

}  // namespace gradspace
