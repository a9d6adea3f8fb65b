#include "detect/classifier_detector.h"

#include <utility>
#include <vector>

#include "detect/decision.h"
#include "detect/one_class/method.h"

namespace gradspace {
namespace {

std::vector<double> mean_logits(const Detector& detector, std::span<const FeatureView> rows) {
  std::vector<std::vector<double>> logits;
  for (std::size_t member = 0; member < detector.members; ++member) {
    logits.push_back(Classifier(part_of(detector, member).weights).logits(rows[member]));
  }
  return means_of(logits);
}

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
  detector.members = classifiers.size();
  if (classifiers.size() == 1) {
    detector.weights = classifiers.front().weights();
  }
  for (std::size_t member = 0; classifiers.size() > 1 && member < classifiers.size(); ++member) {
    put_under(detector.weights, member_prefix(member), classifiers[member].weights());
  }
  calibrate_classifier(clean_validation, decision, detector);
}

void calibrate_classifier(std::span<const FeatureView> clean_validation,
                          const ClassifierDecision& decision, Detector& detector) {
  if (decision.two_sided) {
    const std::vector<double> clean = mean_logits(detector, clean_validation);
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
