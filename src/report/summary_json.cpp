#include "report/summary_json.h"

#include <utility>

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

}  // namespace gradspace
