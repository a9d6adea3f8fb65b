// Visual saliency-induced index: Zhang, Shen, Li, IEEE Transactions on Image Processing 23 (2014).
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numbers>
#include <vector>

#include "quality/colour_planes.h"
#include "quality/image_parts.h"
#include "quality/pair_metric.h"
#include "quality/plane.h"
#include "quality/saliency.h"
#include "simd/row_filters.h"

namespace gradspace::quality {
namespace {

struct SaliencyParts {
  Plane saliency;
  Plane gradient;
};

BlockGrid vsi_grid(const QualityImage& image) {
  return repeated_blocks(image.rgb(), viewing_factor(image.rgb()));
}

const ColourPlanes& lmn_of(const QualityImage& image) {
  return colour_planes(image, vsi_grid(image), ColourSpace::kLmn);
}

const SaliencyParts& saliency_parts(const QualityImage& image, const SaliencyModel& model) {
  return part_of<SaliencyParts>(image, [&] {
    return SaliencyParts{model.saliency(image.rgb(), vsi_grid(image)),
                         gradient_magnitude(lmn_of(image)[0], kScharr)};
  });
}

double vsi(const QualityImage& reference, const QualityImage& distorted,
           const SaliencyModel& model) {
  constexpr float kSaliency = 1.27F;  // C1 to C3, alpha and beta of the paper
  constexpr float kGradient = 386;
  constexpr float kChroma = 130;
  constexpr float kGradientPower = 0.4F;
  constexpr float kChromaPower = 0.02F;
  // The real part of a negative number's power: that of -1 is a turn by kChromaPower pi.
  const float negative = std::cos(kChromaPower * std::numbers::pi_v<float>);
  const SaliencyParts& a = saliency_parts(reference, model);
  const SaliencyParts& b = saliency_parts(distorted, model);
  const ColourPlanes& lmn_a = lmn_of(reference);
  const ColourPlanes& lmn_b = lmn_of(distorted);
  const std::size_t size = a.saliency.values.size();
  std::vector<float> weight(size);
  std::vector<float> weighted(size);
  std::vector<float> gradient(size);
  std::vector<float> chroma(size);
  for (std::size_t i = 0; i < size; ++i) {
    const float saliency_a = a.saliency.values[i];
    const float saliency_b = b.saliency.values[i];
    weight[i] = std::max(saliency_a, saliency_b);
    gradient[i] = similarity(a.gradient.values[i], b.gradient.values[i], kGradient);
    const float both = similarity(lmn_a[1].values[i], lmn_b[1].values[i], kChroma) *
                       similarity(lmn_a[2].values[i], lmn_b[2].values[i], kChroma);
    chroma[i] = std::abs(both);
    weighted[i] =
        weight[i] * similarity(saliency_a, saliency_b, kSaliency) * (both < 0 ? negative : 1.0F);
  }
  simd::multiply_powers(gradient.data(), kGradientPower, chroma.data(), kChromaPower,
                        gradient.data(), size);
  const double weights = sum_of(size, [&](std::size_t i) { return double{weight[i]}; });
  require_weights(weights, "vsi", reference, distorted, "flat");
  return sum_of(size, [&](std::size_t i) { return double{weighted[i]} * gradient[i]; }) / weights;
}

}  // namespace

std::unique_ptr<QualityMetric> make_vsi_metric(const LinearDecoder* /*decoder*/) {
  constexpr int kLeastSide = 3;  // of the gradient's filter
  const auto model = std::make_shared<const SaliencyModel>();
  return make_pair_metric({"vsi", kLeastSide, 1,
                           [model](const QualityImage& image) { saliency_parts(image, *model); },
                           [model](const QualityImage& reference, const QualityImage& distorted) {
                             return vsi(reference, distorted, *model);
                           }});
}

}  // namespace gradspace::quality
