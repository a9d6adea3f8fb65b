// Feature similarity with colour (FSIMc): Zhang, Zhang, Mou, Zhang, IEEE Transactions on Image Processing 20 (2011).
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "quality/colour_planes.h"
#include "quality/image_parts.h"
#include "quality/pair_metric.h"
#include "quality/phase_congruency.h"
#include "quality/plane.h"
#include "simd/row_filters.h"

namespace gradspace::quality {
namespace {

struct Features {
  Plane congruency;
  Plane gradient;
};

const ColourPlanes& viewed_yiq(const QualityImage& image) {
  const BlockGrid grid = whole_blocks(image.rgb(), viewing_factor(image.rgb()));
  return colour_planes(image, grid, ColourSpace::kYiq);
}

const Features& features_of(const QualityImage& image, LogGaborShelf& shelf) {
  return part_of<Features>(image, [&] {
    const Plane& luma = viewed_yiq(image)[0];
    return Features{shelf.filters(luma.width, luma.height)->phase_congruency(luma),
                    gradient_magnitude(luma, kScharr)};
  });
}

double fsim_c(const QualityImage& reference, const QualityImage& distorted, LogGaborShelf& shelf) {
  constexpr float kCongruency = 0.85F;  // T1 to T4 and lambda of the paper
  constexpr float kGradient = 160;
  constexpr float kChroma = 200;
  constexpr float kChromaPower = 0.03F;
  const Features& a = features_of(reference, shelf);
  const Features& b = features_of(distorted, shelf);
  const ColourPlanes& yiq_a = viewed_yiq(reference);
  const ColourPlanes& yiq_b = viewed_yiq(distorted);
  const std::size_t size = a.congruency.values.size();
  std::vector<float> similar(size);
  std::vector<float> chroma(size);
  std::vector<float> weight(size);
  for (std::size_t i = 0; i < size; ++i) {
    const float pc_a = a.congruency.values[i];
    const float pc_b = b.congruency.values[i];
    similar[i] = similarity(pc_a, pc_b, kCongruency) *
                 similarity(a.gradient.values[i], b.gradient.values[i], kGradient);
    chroma[i] = std::abs(similarity(yiq_a[1].values[i], yiq_b[1].values[i], kChroma) *
                         similarity(yiq_a[2].values[i], yiq_b[2].values[i], kChroma));
    weight[i] = std::max(pc_a, pc_b);
  }
  simd::multiply_powers(similar.data(), 1, chroma.data(), kChromaPower, similar.data(), size);
  const double weights = sum_of(size, [&](std::size_t i) { return double{weight[i]}; });
  require_weights(weights, "fsim-c", reference, distorted, "without features");
  return sum_of(size, [&](std::size_t i) { return double{similar[i]} * weight[i]; }) / weights;
}

}  // namespace

std::unique_ptr<QualityMetric> make_fsim_c_metric(const LinearDecoder* /*decoder*/) {
  constexpr int kLeastSide = 3;  // of the gradient's filter
  const auto shelf = std::make_shared<LogGaborShelf>();
  return make_pair_metric({"fsim-c", kLeastSide, 1,
                           [shelf](const QualityImage& image) { features_of(image, *shelf); },
                           [shelf](const QualityImage& reference, const QualityImage& distorted) {
                             return fsim_c(reference, distorted, *shelf);
                           }});
}

}  // namespace gradspace::quality
