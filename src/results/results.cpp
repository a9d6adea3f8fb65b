#include "gradspace/results.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>

#include "core/checksum.h"
#include "core/csv.h"
#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/utf8_text.h"
#include "gradspace/version.h"
#include "results/results_kind.h"
#include "results/results_summary.h"
#include "results/run_files.h"
#include "results/small_number.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr int kResultsFormat = 1;

/// A number that says of what a row is, by the name it has in files.
struct PlaceField {
  const char* name;
  int ResultRow::*value;
};

std::span<const PlaceField> place_fields(ResultsKind kind) {
  static constexpr PlaceField kChallenge[] = {
      {"type", &ResultRow::type}, {"level", &ResultRow::level}, {"run", &ResultRow::run}};
  static constexpr PlaceField kClass[] = {{"class", &ResultRow::type},
                                          {"run", &ResultRow::run},
                                          {"best_epoch", &ResultRow::best_epoch}};
  return kind == ResultsKind::kGradCon ? std::span(kClass) : std::span(kChallenge);
}

/// Columns that only some results have.
struct OptionalColumns {
  bool names = false;
  bool intervals = false;
};

OptionalColumns optional_columns(const Results& results) {
  OptionalColumns columns;
  for (const ResultRow& row : results.rows) {
    columns.names |= !row.name.empty();
    columns.intervals |= row.auroc_interval.has_value();
  }
  return columns;
}

void add_optional(const ResultRow& row, OptionalColumns columns, CsvWriter& csv) {
  if (columns.names) {
    csv.add(row.name);
  }
  if (columns.intervals && row.auroc_interval) {
    csv.add(row.auroc_interval->low);
    csv.add(row.auroc_interval->high);
  } else if (columns.intervals) {
    csv.add("");
    csv.add("");
  }
}

std::string to_csv(const Results& results) {
  const OptionalColumns optional = optional_columns(results);
  CsvWriter csv;
  csv.add("method");
  for (const PlaceField& field : place_fields(results.kind)) {
    csv.add(field.name);
  }
  for (const MetricField& field : metric_fields()) {
    csv.add(field.name);
  }
  csv.add("n_in");
  csv.add("n_out");
  if (optional.names) {
    csv.add("name");
  }
  if (optional.intervals) {
    csv.add("auroc_low");
    csv.add("auroc_high");
  }
  csv.end_row();
  for (const ResultRow& row : results.rows) {
    csv.add(row.method);
    for (const PlaceField& field : place_fields(results.kind)) {
      csv.add(row.*field.value);
    }
    for (const MetricField& field : metric_fields()) {
      csv.add(row.metrics.*field.value);
    }
    csv.add(row.metrics.n_in);
    csv.add(row.metrics.n_out);
    add_optional(row, optional, csv);
    csv.end_row();
  }
  return std::string(csv.text());
}

json row_to_json(const ResultRow& row, ResultsKind kind) {
  json item = {{"method", row.method}};
  for (const PlaceField& field : place_fields(kind)) {
    item[field.name] = row.*field.value;
  }
  for (const MetricField& field : metric_fields()) {
    item[field.name] = row.metrics.*field.value;
  }
  item["n_in"] = row.metrics.n_in;
  item["n_out"] = row.metrics.n_out;
  if (!row.name.empty()) {
    item["name"] = row.name;
  }
  if (row.auroc_interval) {
    item["auroc_low"] = row.auroc_interval->low;
    item["auroc_high"] = row.auroc_interval->high;
  }
  return item;
}

/// Throws FormatError that names `file` for a number out of its range, json::exception for what is no
/// row.
ResultRow row_from_json(const json& item, ResultsKind kind, const std::string& file) {
  ResultRow row;
  row.method = present_method_name(item.at("method").get<std::string>());
  for (const PlaceField& field : place_fields(kind)) {
    row.*field.value = small_number(item.at(field.name), fmt::format("{}: {}", file, field.name));
  }
  for (const MetricField& field : metric_fields()) {
    row.metrics.*field.value = item.at(field.name).get<double>();
  }
  row.metrics.n_in = item.at("n_in").get<std::size_t>();
  row.metrics.n_out = item.at("n_out").get<std::size_t>();
  row.name = from_utf8(item.value("name", std::string()));
  if (item.contains("auroc_low")) {
    row.auroc_interval =
        Interval{item["auroc_low"].get<double>(), item.at("auroc_high").get<double>()};
  }
  return row;
}

json interval_to_json(const MeanInterval& interval) {
  return {{"method", interval.method},
          {"type", interval.type ? json(*interval.type) : json(nullptr)},
          {"auroc_low", interval.auroc.low},
          {"auroc_high", interval.auroc.high}};
}

/// Throws as `row_from_json`.
MeanInterval interval_from_json(const json& item, const std::string& file) {
  MeanInterval interval;
  interval.method = present_method_name(item.at("method").get<std::string>());
  if (!item.at("type").is_null()) {
    interval.type = small_number(item.at("type"), fmt::format("{}: type", file));
  }
  interval.auroc = {item.at("auroc_low").get<double>(), item.at("auroc_high").get<double>()};
  return interval;
}

json to_json(const Results& results) {
  json rows = json::array();
  for (const ResultRow& row : results.rows) {
    rows.push_back(row_to_json(row, results.kind));
  }
  json file = {{"format_version", kResultsFormat},
               {"gradspace_version", kVersion},
               {"kind", name(results.kind)},
               {"options", load_json(results.options_json)},
               {"record", load_json(results.record_json)},
               {"rows", std::move(rows)}};
  for (const MeanInterval& interval : results.mean_intervals) {
    file["mean_intervals"].push_back(interval_to_json(interval));
  }
  return file;
}

}  // namespace

void write_results(const std::filesystem::path& folder, const Results& results) {
  make_folder(folder);
  write_file(folder / "results.csv", to_csv(results));
  write_file(folder / "results.json", sealed_json(to_json(results), 1));
}

Results read_results(const std::filesystem::path& path) {
  const json file = read_versioned_json(path);
  Results results;
  results.kind = require_results_kind(file, path);
  if (results.kind == ResultsKind::kImageQuality ||
      results.kind == ResultsKind::kFolderComparison) {
    throw FormatError(fmt::format("{}: holds results of kind {}, not of detectors", path.string(),
                                  name(results.kind)));
  }
  try {
    results.options_json = file.at("options").dump();
    results.record_json = file.value("record", json::object()).dump();
    for (const json& item : file.at("rows")) {
      results.rows.push_back(row_from_json(item, results.kind, path.string()));
    }
    for (const json& item : file.value("mean_intervals", json::array())) {
      results.mean_intervals.push_back(interval_from_json(item, path.string()));
    }
    return results;
  } catch (const json::exception&) {
    throw FormatError(fmt::format("{}: not a results file", path.string()));
  }
}

}  // namespace gradspace
