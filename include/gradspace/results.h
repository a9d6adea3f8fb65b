// Results of a detection experiment: one row a method, challenge type, level and run, as
// `results.csv` and `results.json`, and as a table for people.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/metrics.h"

namespace gradspace {

struct ResultRow {
  std::string method;  ///< "proposed", "VAE-A", ...
  int type = 0;        ///< challenge type, 1 to 12; 0 = outliers of no known type
  int level = 0;       ///< 1 to 5; 0 = unknown
  int run = 0;         ///< from 0
  DetectionMetrics metrics;
};

/// What made the results; "kind" in results.json.
enum class ResultsKind {
  kOod,           ///< "ood": detectors that were trained on clean and on challenged images
  kOneClass,      ///< "one-class": detectors that were trained on clean images alone
  kGradCon,       ///< "gradcon": GradCon's benchmark, a class at a time
  kImageQuality,  ///< "image-quality": metrics against people's opinions
};

struct Results {
  ResultsKind kind = ResultsKind::kOod;  ///< kOod or kOneClass
  std::vector<ResultRow> rows;
  /// The resolved options of what was run, a JSON object.
  std::string options_json = "{}";
  /// Circumstances that don't change the numbers, a JSON object: `command_line`, `started`,
  /// `finished` (UTC), `threads`, `stages` ([{"stage", "seconds", "skipped"}, ...]).
  std::string record_json = "{}";
};

/// Writes both files into `folder`, which is made where it is not there; each file is replaced as a
/// whole.
GRADSPACE_API void write_results(const std::filesystem::path& folder, const Results& results);

/// Reads `results.json`. Throws IoError, FormatError (also for a newer format version, or results of
/// another kind).
GRADSPACE_API Results read_results(const std::filesystem::path& path);

/// Methods by challenge types: mean over levels and runs, with the standard deviation between runs
/// where there are several; balanced accuracy in percent, beside the paper's row where it tested
/// the type, and AUROC.
GRADSPACE_API std::string results_table(const Results& results);

}  // namespace gradspace
