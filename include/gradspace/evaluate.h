// How well a detector tells other images from clean ones: scores all of them, judges the scores, and writes what came
// of it into a folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <istream>
#include <string>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/job_observer.h"
#include "gradspace/model.h"
#include "gradspace/results.h"
#include "gradspace/score_files.h"

namespace gradspace {

struct GRADSPACE_API EvaluateOptions {
  /// Clean images. A source of images where they are looked at (see `evaluates_images`); else a feature set, or a
  /// matrix of features (.npy). A source "-" is a list of paths of images, out of `listed`.
  std::string inliers;
  /// The same of other images. Those without a challenge make a row each, named after its folder, with as many folders
  /// around it as tell it apart from the others ("night/rain", "day/rain"); those with challenges make a row a
  /// challenge and level.
  std::vector<std::string> outliers;
  std::filesystem::path out;       ///< a folder, made where there is none
  std::string method = {};         ///< what the results call it; empty = the detector's method
  std::string detector = {};       ///< what the record of the results calls the detector's file
  ScoreFilesOptions scoring = {};  ///< of images
  std::istream* listed = nullptr;  ///< what "-" stands for; not owned

  /// Throws InvalidArgument: for no outliers, a source that is given twice, "-" without `listed`.
  void validate() const;
};

struct Evaluation {
  Results results;
  std::size_t failures = 0;  ///< images, or whole sources, that could not be read and were left out
  bool stopped = false;      ///< on request: nothing is judged or written then
};

/// Whether `evaluate` looks at images: where there is a model, or the detector needs none.
GRADSPACE_API bool evaluates_images(const Detector& detector, const Model* model);

/// Writes into `out` results.csv, results.json and image_scores.csv; of a detector that judges photographs by tiles,
/// frames/ as well (worst_frames.h). `model` is null for feature sets, and for a detector that needs none. What can't
/// be read is told to the observer and left out. Throws InvalidArgument where nothing is left to judge, or images are
/// of another model than the detector; IoError, FormatError; IoError while somebody else writes into `out`
/// (output_lock.h).
GRADSPACE_API Evaluation evaluate(const Detector& detector, const Model* model,
                                  const EvaluateOptions& options, const JobObserver& observer = {});

}  // namespace gradspace
