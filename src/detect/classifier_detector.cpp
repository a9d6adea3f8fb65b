#include "detect/classifier_detector.h"

#include <vector>

#include "detect/decision.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Where no rate was asked for.
double two_sided_threshold(const Calibration& calibration) {
  const double least_rate = 1 / (static_cast<double>(calibration.count()) + 1);
  return least_rate > kTwoSidedFalseAlarms ? calibration.highest()
                                           : calibration.threshold(kTwoSidedFalseAlarms);
}

}  // namespace

void put_classifiers(std::span<const Classifier> classifiers,
                     std::span<const FeatureView> clean_validation,
                     const ClassifierDecision& decision, Detector& detector) {
  std::vector<TensorMap> parts;
  for (const Classifier& classifier : classifiers) {
    parts.push_back(classifier.weights());
  }
  put_parts(parts, detector);
  calibrate_classifier(clean_validation, decision, detector);
}

void calibrate_classifier(std::span<const FeatureView> clean_validation,
                          const ClassifierDecision& decision, Detector& detector) {
  if (clean_validation.front().rows == 0) {
    throw InvalidArgument("classifier: no clean validation rows to calibrate on");
  }
  detector.two_sided = {};
  if (decision.two_sided) {
    const std::vector<double> clean =
        means_of(said_by_parts(detector, clean_validation, /*as_logits=*/true));
    detector.two_sided = TwoSided(clean);
    detector.calibration = Calibration(TwoSided::distances_from_others(clean));
    detector.threshold = two_sided_threshold(detector.calibration);
  } else {
    detector.calibration = Calibration(score_rows(detector, clean_validation));
  }
  if (decision.false_alarms) {
    detector.threshold = detector.calibration.threshold(*decision.false_alarms);
  }
}

}  // namespace gradspace
