#include "report/summary_json.h"

#include <map>
#include <utility>
#include <vector>

#include "results/results_summary.h"
#include "results/run_files.h"

namespace gradspace {

using nlohmann::json;

json metric_names() {
  json names = json::array();
  for (const MetricField& field : metric_fields()) {
    names.push_back(field.name);
  }
  return names;
}

void add_summary(std::span<const ResultRow* const> rows, json& item) {
  json means = json::array();
  json deviations = json::array();
  for (const MetricField& field : metric_fields()) {
    const MeanAndSpread summary = summarise(rows, field.value);
    means.push_back(rounded(summary.mean));
    if (summary.deviation) {
      deviations.push_back(rounded(*summary.deviation));
    }
  }
  item["mean"] = std::move(means);
  if (!deviations.empty()) {
    item["deviation"] = std::move(deviations);
  }
}

json summary_table(const Results& results, const Conditions& conditions) {
  std::map<std::pair<int, int>, std::vector<const ResultRow*>> by_type;
  std::map<int, std::vector<const ResultRow*>> by_method;
  for (const ResultRow& row : results.rows) {
    const int method = conditions.method_at(row.method);
    if (method >= 0) {
      by_method[method].push_back(&row);
      if (conditions.type_at(row) >= 0) {
        by_type[{method, conditions.row_types().number_of(row)}].push_back(&row);
      }
    }
  }
  json list = json::array();
  for (const auto& [method, rows] : by_method) {
    json item = {{"method", method}, {"type", nullptr}};
    add_summary(rows, item);
    list.push_back(std::move(item));
  }
  for (const auto& [key, rows] : by_type) {
    json item = {{"method", key.first}, {"type", key.second}};
    add_summary(rows, item);
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace gradspace
