// Results of an experiment that judges detectors, as `results.csv` and `results.json`, and as a table for
// people: one row a method, condition and run. The condition is a challenge of a type and level, or in
// GradCon's experiment the class that is known, or a set of outliers of no challenge, which has a name.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/metrics.h"

namespace gradspace {

struct ResultRow {
  std::string method;  ///< "proposed", "VAE-A", ...
  /// Challenge type, 1 to 12; 0 = outliers of no known type. In results of kind kGradCon the known class.
  int type = 0;
  int level = 0;  ///< 1 to 5; 0 = unknown, or a class has none
  int run = 0;    ///< from 0
  DetectionMetrics metrics;
  int best_epoch = 0;  ///< in results of kind kGradCon: the epoch whose weights the detector kept
  /// Of outliers of no known type: what people call them, such as the name of their folder; rows of different
  /// names are of different outliers. Empty where they have none.
  std::string name = {};
  /// The 95 % interval of `metrics.auroc` over the images, by bootstrap (`gradspace::auroc_interval`), where it was
  /// made.
  std::optional<Interval> auroc_interval = {};
};

/// The 95 % interval of a method's mean AUROC, over levels and runs.
struct MeanInterval {
  std::string method;
  std::optional<int> type;  ///< ResultRow::type; none: the mean over all types
  Interval auroc;
};

/// What made the results; "kind" in results.json.
enum class ResultsKind {
  kOod,           ///< "ood": detectors that were trained on clean and on challenged images
  kOneClass,      ///< "one-class": detectors that were trained on clean images alone
  kGradCon,       ///< "gradcon": GradCon's experiment, in which each class in turn is the known one
  kImageQuality,  ///< "image-quality": metrics against people's opinions
  kFolderComparison,  ///< "folder-comparison": codecs' folders beside their references
};

struct Results {
  ResultsKind kind = ResultsKind::kOod;  ///< one of detectors
  std::vector<ResultRow> rows;
  /// Of the means that a table shows: by resamples of the test images and, where there are several, of the runs
  /// (bootstrap). Empty where they were not made.
  std::vector<MeanInterval> mean_intervals = {};
  /// The resolved options of what was run, a JSON object; names of files in it as `to_utf8` gives them.
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

/// Methods by challenge types or known classes: mean over levels and runs, with the standard deviation between runs
/// where there are several; balanced accuracy in percent, beside the paper's row where it tested
/// the type, and AUROC; with `intervals`, the latter with `mean_intervals` in the place of deviations.
GRADSPACE_API std::string results_table(const Results& results, bool intervals = false);

}  // namespace gradspace
