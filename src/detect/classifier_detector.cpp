#include "detect/classifier_detector.h"

namespace gradspace {

void put_classifier(const Classifier& classifier, const FeatureView& clean_validation,
                    std::optional<double> false_alarms, Detector& detector) {
  detector.weights = classifier.weights();
  detector.calibration = Calibration(classifier.score(clean_validation));
  if (false_alarms) {
    detector.threshold = detector.calibration.threshold(*false_alarms);
  }
}

}  // namespace gradspace
