// Fitting a detector to feature sets or images, and judging one by its scores.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradspace/borrowed.h"
#include "gradspace/classifier.h"
#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/feature_set.h"
#include "gradspace/hold_out.h"
#include "gradspace/job_observer.h"
#include "gradspace/model.h"
#include "gradspace/one_class.h"
#include "gradspace/results.h"
#include "gradspace/source.h"

namespace gradspace {

/// How the paper's classifier is fitted to feature sets.
struct FitOptions {
  /// Blocks of the sets to use, "layer:loss" or "mu", comma-separated; empty = all columns.
  std::string features;
  ClassifierOptions classifier;
  /// Sets the threshold for this rate on the clean validation scores; without it it is a probability of 0.5, or
  /// two-sided a rate of 0.05, or the least that fewer images allow.
  std::optional<double> false_alarms;
  /// Scores are distances from the middle of clean images (two_sided.h).
  bool two_sided = false;
  int threads = 0;  ///< 0 = all cores
};

/// Sets of one model with equal columns. Where a validation set is null, every fifth row in a
/// seeded random order is held out of the training set.
struct FitData {
  Borrowed<FeatureSet> inliers;
  Borrowed<FeatureSet> outliers;
  const FeatureSet* validation_inliers = nullptr;
  const FeatureSet* validation_outliers = nullptr;
};

/// Of a model with several members a classifier is trained for each, on its own columns and from a seed of its own; the
/// detector's score is made of the mean of their logits. `on_epoch` is told of all of them, by one thread at a time.
/// Throws InvalidArgument when a set is empty, sets were made by different models, or columns are
/// missing.
GRADSPACE_API Detector
fit_detector(const FitData& data, const FitOptions& options,
             const std::function<void(const ClassifierEpoch&)>& on_epoch = {});

/// A fitted classifier, of however many members, with the distance from the middle of clean images as its score
/// (two_sided.h), calibrated on `clean`, which it was not trained on; see FitOptions::false_alarms. Throws
/// InvalidArgument for another method, a set that is not the detector's, or too few rows for the rate.
GRADSPACE_API Detector make_two_sided(const Detector& one_sided, const FeatureSet& clean,
                                      std::optional<double> false_alarms = {});

/// Clean images, and others of the same kind to validate on. Where those are null, a fifth is held out of the clean
/// ones: by blocks or folders, or at random; without a word, as `default_hold_out` says.
struct CleanSources {
  Borrowed<Source> clean;
  const Source* validation = nullptr;
  std::optional<HoldOut> hold_out = {};
  /// Of their files, where there is no model; else it is the model's.
  Decoding decoding = Decoding::kExact;
};

/// Fits a one-class method to images, for each of the model's members, whose scores' mean is the detector's: reads and
/// observes them on the native engine, fits, calibrates. What looks at the pixels alone is fitted once. The observer
/// counts the images read, of each source in turn; images that can't be read are left out and reported, and it is
/// remarked where the fit takes much memory, or images held out are near-copies of others. Throws InvalidArgument as
/// `fit_one_class` does, of memory before an image is read, or when the sources hold no image.
GRADSPACE_API Detector fit_to_images(const Model& model, const CleanSources& sources,
                                     const OneClassOptions& options, int threads = 0,
                                     const JobObserver& observer = {});

/// The same of a method that needs no model: images are fitted to `input`, of 1 (grey) or 3 channels. Throws
/// InvalidArgument as well when the method needs one, or sides are over 4096.
GRADSPACE_API Detector fit_to_images(const Extent& input, const CleanSources& sources,
                                     const OneClassOptions& options, int threads = 0,
                                     const JobObserver& observer = {});

/// The detector's scores of a whole set, in order; `name` stands in messages.
GRADSPACE_API std::vector<double> detector_scores(const Detector& detector, const FeatureSet& set,
                                                  const std::string& name);

/// What a detector says of an image.
struct JudgedImage {
  ImageInfo image;
  double score = 0;
  float bce = 0;  ///< the model's losses, as of ImageScore
  float kld = 0;
  std::string source = {};  ///< where it is from: a folder, a feature set
  /// Of an outlier without a challenge: what the results call those of its kind (ResultRow::name).
  std::string name = {};
};

/// One row a challenge type and level that occurs in `outliers`, each against all of `inliers`.
/// Outliers without a challenge (images of another kind) make rows of type 0, one a name in the order in which
/// the names come. Accuracy is taken at `threshold`, and the interval by `auroc_interval`, on a stream of its own
/// for each name; `method` and `run` go into the rows. Throws InvalidArgument when `inliers` holds
/// challenged images or either is empty; `name` of the inliers stands in the message.
GRADSPACE_API std::vector<ResultRow> judge(const std::string& name,
                                           std::span<const JudgedImage> inliers,
                                           std::span<const JudgedImage> outliers, double threshold,
                                           const std::string& method, int run);

/// Writes image_scores.csv into `folder`, which is made where it is not there: a line an image with path, set
/// ("inliers" or "outliers"), type, level, method, run, score, bce, kld, source, and, where an outlier without a
/// challenge has one, name. Throws IoError.
GRADSPACE_API void write_image_scores(const std::filesystem::path& folder,
                                      std::span<const JudgedImage> inliers,
                                      std::span<const JudgedImage> outliers,
                                      const std::string& method, int run);

/// A set with a name for messages.
struct NamedSet {
  std::string name;
  Borrowed<FeatureSet> set;
};

/// `detector_scores` with the set's images.
GRADSPACE_API std::vector<JudgedImage> judged_images(const Detector& detector, const NamedSet& set);

/// `judge` by the detector's scores of feature sets, at its threshold. Outliers without a challenge have the name of
/// their set.
GRADSPACE_API std::vector<ResultRow> evaluate_detector(const Detector& detector,
                                                       const NamedSet& inliers,
                                                       std::span<const NamedSet> outliers,
                                                       const std::string& method, int run);

}  // namespace gradspace
