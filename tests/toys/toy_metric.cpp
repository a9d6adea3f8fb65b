#include <utility>

#include "gradspace/quality.h"

namespace gradspace::quality {
namespace {

class ToyReference : public QualityReference {
 public:
  explicit ToyReference(std::shared_ptr<const QualityImage> reference)
      : reference_(std::move(reference)) {}
  double score(const QualityImage& distorted) const override {
    return reference_->rgb().pixels()[0] == distorted.rgb().pixels()[0] ? 1 : 0;
  }

 private:
  std::shared_ptr<const QualityImage> reference_;
};

class ToyMetric : public QualityMetric {
 public:
  std::unique_ptr<QualityReference> prepare(
      std::shared_ptr<const QualityImage> reference) const override {
    return std::make_unique<ToyReference>(std::move(reference));
  }
};

}  // namespace

std::unique_ptr<QualityMetric> make_toy_metric(const LinearDecoder* /*decoder*/) {
  return std::make_unique<ToyMetric>();
}

}  // namespace gradspace::quality
