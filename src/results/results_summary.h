// What tables and reports say about result rows: the methods and types there are, means over levels
// and runs, the paper's figures.
#pragma once

#include <cstdint>
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

/// What a table's columns and a report's charts are of: challenge types, known classes, and sets of outliers that
/// have a name. Each has a number: types and classes their own, in ascending order, and the names, in the order
/// of their first appearance, numbers after all of these.
class RowTypes {
 public:
  explicit RowTypes(const Results& results);

  /// In order, each once.
  const std::vector<int>& numbers() const { return numbers_; }
  /// The number of the rows of this type and name; -1 where there are none.
  int number_of(int type, const std::string& name) const;
  int number_of(const ResultRow& row) const { return number_of(row.type, row.name); }
  bool is_named(int number) const;
  /// "rain", "class 3", or a set's own name.
  std::string label(int number) const;

 private:
  ResultsKind kind_;
  std::vector<int> numbers_;
  std::vector<std::string> names_;
};

/// "rain", or "outliers" for a number that no challenge has; "class 3" in results of kind kGradCon.
std::string type_name(ResultsKind kind, int type);

/// The stream of `auroc_interval` for outliers of this name. Those without one are of challenges, which are of the
/// same test images: they share a stream.
std::uint64_t bootstrap_stream(const std::string& name);

struct MeanAndSpread {
  double mean = 0;
  std::optional<double> deviation;  ///< between runs
};

/// The mean of `metric` over `rows`, at least one: first within each run, then over runs.
MeanAndSpread summarise(std::span<const ResultRow* const> rows, double DetectionMetrics::*metric);

}  // namespace gradspace
