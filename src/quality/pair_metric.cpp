#include "quality/pair_metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gradspace/error.h"
#include "quality/prepared_image.h"

namespace gradspace::quality {
namespace {

class PairReference : public QualityReference {
 public:
  PairReference(std::shared_ptr<const PairFormula> formula,
                std::shared_ptr<const QualityImage> reference)
      : formula_(std::move(formula)), reference_(std::move(reference)) {
    const Image& rgb = reference_->rgb();
    if (std::min(rgb.width(), rgb.height()) < formula_->least_side) {
      throw InvalidArgument(
          fmt::format("{}: {}x{} pixels; {} needs at least {}x{}", reference_->name(), rgb.width(),
                      rgb.height(), formula_->name, formula_->least_side, formula_->least_side));
    }
    if (formula_->keep_parts) {
      formula_->keep_parts(*reference_);
    }
  }

  double score(const QualityImage& distorted) const override {
    check_sizes(*reference_, distorted);
    if (reference_->rgb() == distorted.rgb()) {
      return formula_->of_equals;
    }
    return formula_->compare(*reference_, distorted);
  }

 private:
  std::shared_ptr<const PairFormula> formula_;
  std::shared_ptr<const QualityImage> reference_;
};

class PairMetric : public QualityMetric {
 public:
  explicit PairMetric(PairFormula formula)
      : formula_(std::make_shared<const PairFormula>(std::move(formula))) {}

  std::unique_ptr<QualityReference> prepare(
      std::shared_ptr<const QualityImage> reference) const override {
    return std::make_unique<PairReference>(formula_, std::move(reference));
  }

 private:
  std::shared_ptr<const PairFormula> formula_;
};

}  // namespace

void require_weights(double sum, std::string_view metric, const QualityImage& reference,
                     const QualityImage& distorted, std::string_view what) {
  if (sum == 0) {
    throw InvalidArgument(fmt::format("{}: {}, as {} is; {} has nothing to weigh", distorted.name(),
                                      what, reference.name(), metric));
  }
}

std::unique_ptr<QualityMetric> make_pair_metric(PairFormula formula) {
  return std::make_unique<PairMetric>(std::move(formula));
}

}  // namespace gradspace::quality
