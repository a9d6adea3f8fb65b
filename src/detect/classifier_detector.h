// A trained classifier as a detector.
#pragma once

#include <optional>

#include "gradspace/classifier.h"
#include "gradspace/detector.h"

namespace gradspace {

/// Puts the classifier into `detector`, calibrated by its scores of clean validation rows; where a rate of false
/// alarms is given, the threshold is set for it, else it stays. Throws as Calibration::threshold does.
void put_classifier(const Classifier& classifier, const FeatureView& clean_validation,
                    std::optional<double> false_alarms, Detector& detector);

}  // namespace gradspace
