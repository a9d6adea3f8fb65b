// Trained classifiers as a detector.
#pragma once

#include <optional>
#include <span>

#include "gradspace/classifier.h"
#include "gradspace/detector.h"

namespace gradspace {

/// What a detector's score and threshold are made of, beside the classifiers.
struct ClassifierDecision {
  bool two_sided = false;
  /// Sets the threshold for this rate of false alarms on clean validation rows. Without it the threshold stays what it
  /// is in the detector; two-sided, where no probability has a meaning, it is that of kTwoSidedFalseAlarms, or of
  /// the least rate that fewer images allow.
  std::optional<double> false_alarms;
};

inline constexpr double kTwoSidedFalseAlarms = 0.05;

/// Makes a detector of classifiers one-sided or two-sided, and calibrates it by its scores of clean validation rows, a
/// view for each member. Throws InvalidArgument where there are none, and as Calibration::threshold does.
void calibrate_classifier(std::span<const FeatureView> clean_validation,
                          const ClassifierDecision& decision, Detector& detector);

/// Puts the classifiers, one for each of the model's members, into `detector`, whose columns are theirs, calibrated by
/// its scores of clean validation rows, a view for each. Throws as `calibrate_classifier`.
void put_classifiers(std::span<const Classifier> classifiers,
                     std::span<const FeatureView> clean_validation,
                     const ClassifierDecision& decision, Detector& detector);

}  // namespace gradspace
