// Our own score: published measures of structure, once level and contrast are set apart. docs/quality.md tells how its
// constants were chosen (scripts/fit_accord.py).
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "quality/companions.h"
#include "quality/level_and_contrast.h"
#include "quality/prepared_image.h"

namespace gradspace::quality {

std::unique_ptr<QualityMetric> make_unique_metric(const LinearDecoder* decoder);

namespace {

// Weights of losses, beside that by HaarPSI, whose weight is 1.
constexpr double kDeviationWeight = 45;      // of MDSI
constexpr double kActivationWeight = 0.28;   // of UNIQUE
constexpr double kShiftWeight = 0.006;       // for one level of 255
constexpr double kLostContrastWeight = 1.6;  // for a factor of e

/// The loss by a measure between 0 and 1. One that is almost 0 counts as this.
double log_loss(double measure) {
  constexpr double kLeastMeasure = 1e-3;
  return std::max(0.0, -std::log(std::max(measure, kLeastMeasure)));
}

/// Of a reference that was given the distorted image's level and contrast.
double structural_loss(const QualityImage& reference, const QualityImage& distorted) {
  if (reference.rgb() == distorted.rgb()) {
    return 0;
  }
  // MDSI is the fourth root of a mean deviation.
  return log_loss(haarpsi(reference, distorted)) +
         kDeviationWeight * std::pow(mdsi(reference, distorted), 4);
}

/// More contrast is forgiven.
double tonal_loss(const LevelAndContrast& change) {
  return kShiftWeight * std::abs(change.shift) +
         kLostContrastWeight * std::max(0.0, -change.log_gain);
}

class AccordReference : public QualityReference {
 public:
  AccordReference(const QualityMetric& unique, std::shared_ptr<const QualityImage> reference)
      : unique_(unique.prepare(reference)), reference_(std::move(reference)) {
    keep_mdsi_parts(*reference_);
    keep_haarpsi_parts(*reference_);
  }

  double score(const QualityImage& distorted) const override {
    if (identical_or_comparable(*reference_, distorted)) {
      return 1;
    }
    const LevelAndContrast change = level_and_contrast(*reference_, distorted);
    const double loss =
        kActivationWeight * log_loss(unique_->score(distorted)) + tonal_loss(change);
    if (!change.differs()) {
      return std::exp(-loss - structural_loss(*reference_, distorted));
    }
    const QualityImage expected(adapted(reference_->rgb(), change), reference_->name());
    return std::exp(-loss - structural_loss(expected, distorted));
  }

 private:
  std::unique_ptr<QualityReference> unique_;
  std::shared_ptr<const QualityImage> reference_;
};

class AccordMetric : public QualityMetric {
 public:
  explicit AccordMetric(std::unique_ptr<QualityMetric> unique) : unique_(std::move(unique)) {}

  std::unique_ptr<QualityReference> prepare(
      std::shared_ptr<const QualityImage> reference) const override {
    return std::make_unique<AccordReference>(*unique_, std::move(reference));
  }

 private:
  std::unique_ptr<QualityMetric> unique_;
};

}  // namespace

std::unique_ptr<QualityMetric> make_accord_metric(const LinearDecoder* decoder) {
  return std::make_unique<AccordMetric>(make_unique_metric(decoder));
}

}  // namespace gradspace::quality
