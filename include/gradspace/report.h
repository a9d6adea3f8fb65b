// A run's results as one page, `report.html`: it needs no network and no file beside it.
//
// What is read from the run's folder: `results.json`, and where they are there
//   image_scores.csv       curves, histograms, calibration (gradspace/ood_experiment.h writes these four)
//   training.csv           training curves; else those of the runs' own folders
//   fingerprints.json      mean absolute gradients by filter
//   samples/samples.json   and the strips of pictures it lists
//   scores.csv             every pair's scores, of `iqa-benchmark` and of compare_folders.h; the images of the
//                          latter are read, too, where they are still in their folders
//   class_*_run_*/         image_scores.csv, training.csv, samples/, of `gradcon benchmark`
// What is missing is named on the page, and the rest shown; without `results.json` the page says that
// the run has not finished.
//
// The page has at most some 2 000 conditions (methods by types by levels); of more, the levels are
// averaged, then the first types shown: `results.csv` has all. Names from files never become markup.
#pragma once

#include <filesystem>

#include "gradspace/export.h"

namespace gradspace {

/// Whether this build can write reports (GRADSPACE_REPORT).
GRADSPACE_API bool can_write_report();

/// Writes `folder`/report.html and returns its path. Throws IoError when the folder holds no run;
/// FormatError when one of the files above is damaged or of a newer version; InvalidArgument when
/// this build can't write reports.
GRADSPACE_API std::filesystem::path write_report(const std::filesystem::path& folder);

}  // namespace gradspace
