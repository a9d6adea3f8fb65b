// The rows of GradCon's benchmark, and their table for people.
#pragma once

#include <span>
#include <string>

#include "gradspace/export.h"
#include "gradspace/results.h"

namespace gradspace {

struct GradConBenchmarkRow {
  int inlier_class = 0;
  int best_epoch = 0;
  ResultRow result;  ///< of no challenge: type and level 0
};

/// AUROC by class, means over runs with their standard deviation where there are several, and the
/// mean over classes.
GRADSPACE_API std::string gradcon_benchmark_table(std::span<const GradConBenchmarkRow> rows);

}  // namespace gradspace
