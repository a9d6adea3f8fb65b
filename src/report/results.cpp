#include "gradspace/results.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr int kResultsFormat = 1;

struct MetricField {
  const char* name;
  double DetectionMetrics::*value;
};

constexpr MetricField kMetrics[] = {
    {"accuracy", &DetectionMetrics::accuracy},
    {"auroc", &DetectionMetrics::auroc},
    {"aupr_in", &DetectionMetrics::aupr_in},
    {"aupr_out", &DetectionMetrics::aupr_out},
    {"fpr95_in_positive", &DetectionMetrics::fpr95_in_positive},
    {"fpr95_ood_positive", &DetectionMetrics::fpr95_ood_positive},
    {"detection_error", &DetectionMetrics::detection_error},
};

std::string to_csv(const Results& results) {
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "method,type,level,run");
  for (const MetricField& field : kMetrics) {
    fmt::format_to(out, ",{}", field.name);
  }
  fmt::format_to(out, ",n_in,n_out\n");
  for (const ResultRow& row : results.rows) {
    fmt::format_to(out, "{},{},{},{}", row.method, row.type, row.level, row.run);
    for (const MetricField& field : kMetrics) {
      fmt::format_to(out, ",{}", row.metrics.*field.value);
    }
    fmt::format_to(out, ",{},{}\n", row.metrics.n_in, row.metrics.n_out);
  }
  return fmt::to_string(text);
}

json to_json(const Results& results) {
  json rows = json::array();
  for (const ResultRow& row : results.rows) {
    json item = {
        {"method", row.method}, {"type", row.type}, {"level", row.level}, {"run", row.run}};
    for (const MetricField& field : kMetrics) {
      item[field.name] = row.metrics.*field.value;
    }
    item["n_in"] = row.metrics.n_in;
    item["n_out"] = row.metrics.n_out;
    rows.push_back(std::move(item));
  }
  return {{"format_version", kResultsFormat},
          {"gradspace_version", kVersion},
          {"options", json::parse(results.options_json)},
          {"rows", std::move(rows)}};
}

ResultRow row_from_json(const json& item) {
  ResultRow row;
  row.method = item.at("method").get<std::string>();
  row.type = item.at("type").get<int>();
  row.level = item.at("level").get<int>();
  row.run = item.at("run").get<int>();
  for (const MetricField& field : kMetrics) {
    row.metrics.*field.value = item.at(field.name).get<double>();
  }
  row.metrics.n_in = item.at("n_in").get<std::size_t>();
  row.metrics.n_out = item.at("n_out").get<std::size_t>();
  return row;
}

}  // namespace

void write_results(const std::filesystem::path& folder, const Results& results) {
  write_file(folder / "results.csv", to_csv(results));
  write_file(folder / "results.json", to_json(results).dump(1) + "\n");
}

Results read_results(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  try {
    const json file = json::parse(text);
    const int version = file.at("format_version").get<int>();
    if (version > kResultsFormat) {
      throw FormatError(fmt::format("{}: format version {} is newer than this gradspace reads ({})",
                                    path.string(), version, kResultsFormat));
    }
    Results results;
    results.options_json = file.at("options").dump();
    for (const json& item : file.at("rows")) {
      results.rows.push_back(row_from_json(item));
    }
    return results;
  } catch (const json::exception&) {
    throw FormatError(fmt::format("{}: not a results file, or truncated", path.string()));
  }
}

}  // namespace gradspace
