#include "detect/classifier_detector.h"

#include <utility>
#include <vector>

#include "detect/decision.h"
#include "detect/one_class/method.h"

namespace gradspace {

void put_classifiers(std::span<const Classifier> classifiers, const FeatureView& clean_validation,
                     const ClassifierDecision& decision, Detector& detector) {
  detector.members = classifiers.size();
  if (classifiers.size() == 1) {
    detector.weights = classifiers.front().weights();
  }
  for (std::size_t member = 0; classifiers.size() > 1 && member < classifiers.size(); ++member) {
    put_under(detector.weights, member_prefix(member), classifiers[member].weights());
  }
  std::optional<double> false_alarms = decision.false_alarms;
  if (decision.two_sided) {
    std::vector<std::vector<double>> logits;
    std::size_t column = 0;
    for (const Classifier& classifier : classifiers) {
      logits.push_back(classifier.logits(clean_validation.columns(column, classifier.dimension())));
      column += classifier.dimension();
    }
    const std::vector<double> clean = means_of(logits);
    detector.two_sided = TwoSided(clean);
    detector.calibration = Calibration(TwoSided::distances_from_others(clean));
    false_alarms = false_alarms.value_or(kTwoSidedFalseAlarms);
  } else {
    detector.calibration = Calibration(score_rows(detector, clean_validation));
  }
  if (false_alarms) {
    detector.threshold = detector.calibration.threshold(*false_alarms);
  }
}

}  // namespace gradspace
