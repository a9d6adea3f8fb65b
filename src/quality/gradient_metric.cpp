// The paper's quality score: Kwon, Prabhushankar, Temel, AlRegib, ICIP 2019.
#include <utility>

#include "gradspace/quality.h"
#include "quality/reference_filters.h"
#include "statistics/ranks.h"

namespace gradspace {
namespace quality {
namespace {

class GradientReference : public QualityReference {
 public:
  GradientReference(const PackedDecoder& decoder, std::shared_ptr<const QualityImage> reference)
      : reference_(std::move(reference)),
        filters_(reference_filters(decoder, *reference_)),
        ranking_(filter_responses(filters_, prepared_of(*reference_).patches, filters_.whitening)) {
  }

  double score(const QualityImage& distorted) const override {
    if (identical_or_comparable(*reference_, distorted)) {
      return 1;
    }
    return score_of(ranking_.correlation(
        filter_responses(filters_, prepared_of(distorted).patches, whitening_of(distorted))));
  }

 private:
  std::shared_ptr<const QualityImage> reference_;
  ReferenceFilters filters_;
  Ranking ranking_;
};

class GradientMetric : public QualityMetric {
 public:
  explicit GradientMetric(const LinearDecoder& decoder) : decoder_(decoder) {}

  std::unique_ptr<QualityReference> prepare(
      std::shared_ptr<const QualityImage> reference) const override {
    return std::make_unique<GradientReference>(decoder_, std::move(reference));
  }

 private:
  PackedDecoder decoder_;
};

}  // namespace

std::unique_ptr<QualityMetric> make_gradient_metric(const LinearDecoder* decoder) {
  decoder->validate();
  return std::make_unique<GradientMetric>(*decoder);
}

}  // namespace quality

GradientMap gradient_map(const QualityImage& reference, const QualityImage& distorted,
                         const LinearDecoder& decoder) {
  decoder.validate();
  const bool identical = quality::identical_or_comparable(reference, distorted);
  const quality::PreparedImage& prepared = quality::prepared_of(reference);
  GradientMap map{prepared.patches.columns, prepared.patches.rows,
                  std::vector<double>(prepared.patches.count, 0.0)};
  if (identical) {
    return map;
  }
  const quality::PackedDecoder packed(decoder);
  const quality::ReferenceFilters filters = quality::reference_filters(packed, reference);
  const quality::Ranking ours(
      quality::filter_responses(filters, prepared.patches, filters.whitening));
  const quality::Ranking theirs(quality::filter_responses(
      filters, quality::prepared_of(distorted).patches, quality::whitening_of(distorted)));
  map.values = ours.disagreement(theirs, quality::kGradientFeatures);
  return map;
}

}  // namespace gradspace
