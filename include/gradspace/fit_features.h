// Fitting a one-class detector to rows of features: a feature set, or a matrix of features of one's own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/borrowed.h"
#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/feature_set.h"
#include "gradspace/moments.h"
#include "gradspace/one_class.h"

namespace gradspace {

/// Methods that look at rows of features alone, whoever made them: `mahalanobis`, `independent-gaussian`,
/// `nearest-neighbour`.
GRADSPACE_API const std::vector<OneClassMethodInfo>& feature_methods();

/// Whether `name` is one of them.
GRADSPACE_API bool is_feature_method(std::string_view name);

struct GRADSPACE_API FeatureFitOptions {
  std::string method = "mahalanobis";
  /// Blocks of the sets to use, "layer:loss" or "mu", comma-separated; empty = all columns.
  std::string features = {};
  double false_alarms = 0.01;  ///< share of clean rows called out at the detector's threshold
  std::uint64_t seed = 0;      ///< of the held-out rows
  double memory_gib = 4;       ///< the most that a covariance may take: 40 n^2 bytes for n columns
  int threads = 0;             ///< 0 = all cores

  /// Throws InvalidArgument.
  void validate() const;
};

/// Clean rows, and others to calibrate on. Where those are null, every fifth row in a seeded random order is held
/// out of the clean ones.
struct CleanFeatures {
  Borrowed<FeatureSet> clean;
  const FeatureSet* validation = nullptr;
};

/// Throws InvalidArgument when there are too few rows for the method or the rate of false alarms, the sets have
/// other columns or were made by different models, or a covariance takes more memory than the options allow.
GRADSPACE_API Detector fit_to_features(const CleanFeatures& sets, const FeatureFitOptions& options);

/// Fits `mahalanobis` or `independent-gaussian` to the moments of clean rows, to the detector that the rows make, but
/// for rounding: `mahalanobis` of MomentsKind::kFourth; of kCovariance its shrinkage is that of Gaussian features.
/// Moments say nothing of where scores end: `validation` are clean rows that were not taken into them, and set the
/// threshold. Throws as `fit_to_features`, and InvalidArgument when the method takes the rows themselves or the moments
/// lack what it wants.
GRADSPACE_API Detector fit_to_moments(const FeatureMoments& clean, const FeatureSet& validation,
                                      const FeatureFitOptions& options);

}  // namespace gradspace
