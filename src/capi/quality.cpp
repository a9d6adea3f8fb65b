// Metrics of image quality.
#include "gradspace/quality.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "capi/objects.h"
#include "capi/pixels.h"
#include "gradspace/quality_scale.h"

namespace gradspace::capi {
namespace {

struct MetricObject : Object {
  static constexpr const char* kKind = "metric";
  explicit MetricObject(std::unique_ptr<QualityMetric> made)
      : Object(kKind), metric(std::move(made)) {}

  const std::unique_ptr<const QualityMetric> metric;
};

struct ReferenceObject : Object {
  static constexpr const char* kKind = "reference";
  explicit ReferenceObject(std::unique_ptr<QualityReference> made)
      : Object(kKind), reference(std::move(made)) {}

  const std::unique_ptr<const QualityReference> reference;
};

}  // namespace
}  // namespace gradspace::capi

using namespace gradspace::capi;  // NOLINT(google-build-using-namespace): C functions have none

extern "C" {

gradspace_status gradspace_metric_new(const char* name, const gradspace_decoder* decoder,
                                      gradspace_metric** metric) {
  return guarded("gradspace_metric_new", [&] {
    const std::shared_ptr<DecoderObject> object =
        decoder == nullptr ? nullptr : find<DecoderObject>(decoder);
    require(name, "name");
    require(metric, "the place for the handle");
    give<MetricObject>(metric, object ? gradspace::make_quality_metric(name, object->value)
                                      : gradspace::make_quality_metric(name));
  });
}

gradspace_status gradspace_reference_new(const gradspace_metric* metric,
                                         const gradspace_image* image,
                                         gradspace_reference** reference) {
  return guarded("gradspace_reference_new", [&] {
    const std::shared_ptr<MetricObject> object = find<MetricObject>(metric);
    require(image, "image");
    require(reference, "the place for the handle");
    give<ReferenceObject>(reference,
                          object->metric->prepare(std::make_shared<const gradspace::QualityImage>(
                              image_of(*image), "the reference")));
  });
}

gradspace_status gradspace_reference_score(const gradspace_reference* reference,
                                           const gradspace_image* distorted, double* score) {
  return guarded("gradspace_reference_score", [&] {
    const std::shared_ptr<ReferenceObject> object = find<ReferenceObject>(reference);
    require(distorted, "distorted");
    require(score, "score");
    *score = object->reference->score(
        gradspace::QualityImage(image_of(*distorted), "the distorted image"));
  });
}

gradspace_status gradspace_quality_equivalent(const char* metric, double score,
                                              gradspace_quality* quality) {
  return guarded("gradspace_quality_equivalent", [&] {
    require(metric, "metric");
    require(quality, "quality");
    const std::optional<gradspace::QualityEquivalent> found =
        gradspace::quality_equivalent(metric, score);
    if (!found) {
      throw gradspace::InvalidArgument(fmt::format("{} has no scale", metric));
    }
    *quality = {};
    quality->jpeg_quality = found->jpeg_quality;
    quality->worse = found->worse ? 1 : 0;
    quality->better = found->better ? 1 : 0;
    quality->impairment = static_cast<std::int32_t>(found->impairment);
  });
}

}  // extern "C"
