// What tables and reports say about result rows: the methods and types there are, means over levels
// and runs, the paper's figures.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradspace/results.h"

namespace gradspace {

/// A metric of a row, by the name it has in files.
struct MetricField {
  const char* name;
  double DetectionMetrics::*value;
};

/// In the files' order.
std::span<const MetricField> metric_fields();

/// Balanced accuracy in percent, mean over levels (Kwon et al. 2019, table 1).
struct PaperRow {
  const char* method;
  std::map<int, double> accuracy_by_type;
};

std::span<const PaperRow> paper_rows();

/// In the order of first appearance.
std::vector<std::string> methods_of(const Results& results);

/// Ascending, each once.
std::vector<int> types_of(const Results& results);

/// "rain", or "outliers" for a number that no challenge has; "class 3" in results of kind kGradCon.
std::string type_name(ResultsKind kind, int type);

struct MeanAndSpread {
  double mean = 0;
  std::optional<double> deviation;  ///< between runs
};

/// The mean of `metric` over `rows`, at least one: first within each run, then over runs.
MeanAndSpread summarise(std::span<const ResultRow* const> rows, double DetectionMetrics::*metric);

}  // namespace gradspace
