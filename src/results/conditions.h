// Which conditions a report shows: all, or fewer where there are too many to look at.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gradspace/results.h"
#include "results/results_summary.h"

namespace gradspace {

/// More methods by types by levels than this are averaged over levels, then cut off.
inline constexpr std::size_t kMaxConditions = 2000;

/// A report's axes; rows and scores are put in their places by it.
class Conditions {
 public:
  explicit Conditions(const Results& results);

  const std::vector<std::string>& methods() const { return methods_; }
  /// Numbers of `row_types`.
  const std::vector<int>& types() const { return types_; }
  const RowTypes& row_types() const { return row_types_; }
  /// {0} where levels are averaged.
  const std::vector<int>& levels() const { return levels_; }
  const std::vector<int>& runs() const { return runs_; }

  bool levels_averaged() const { return levels_averaged_; }
  std::size_t methods_left_out() const { return methods_left_out_; }
  std::size_t types_left_out() const { return types_left_out_; }

  /// Positions in the lists above, -1 for what the report does not show.
  int method_at(const std::string& method) const;
  int type_at(int type) const;
  int type_at(const ResultRow& row) const { return type_at(row_types_.number_of(row)); }
  int level_at(int level) const;

 private:
  std::vector<std::string> methods_;
  RowTypes row_types_;
  std::vector<int> types_;
  std::vector<int> levels_;
  std::vector<int> runs_;
  bool levels_averaged_ = false;
  std::size_t methods_left_out_ = 0;
  std::size_t types_left_out_ = 0;
};

}  // namespace gradspace
