// Mean deviation similarity index: Nafchi, Shahkolaei, Hedjam, Cheriet, IEEE Access 4 (2016).
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <vector>

#include "quality/colour_planes.h"
#include "quality/companions.h"
#include "quality/image_parts.h"
#include "quality/pair_metric.h"
#include "quality/plane.h"

namespace gradspace::quality {
namespace {

struct LumaGradient {
  Plane plane;
};

const ColourPlanes& lhm_of(const QualityImage& image) {
  const BlockGrid grid = centred_blocks(image.rgb(), viewing_factor(image.rgb()));
  return colour_planes(image, grid, ColourSpace::kLhm);
}

const Plane& luma_gradient(const QualityImage& image) {
  return part_of<LumaGradient>(
             image,
             [&image] { return LumaGradient{gradient_magnitude(lhm_of(image)[0], kPrewitt)}; })
      .plane;
}

/// The similarity of gradients and of chroma, joined by their sum: one value a pixel, at most about 1.6 and
/// possibly negative.
std::vector<float> joined_similarity(const QualityImage& reference, const QualityImage& distorted) {
  constexpr float kGradients = 140;  // C1 to C3 of the paper
  constexpr float kFused = 55;
  constexpr float kChroma = 550;
  constexpr float kGradientShare = 0.6F;
  const ColourPlanes& a = lhm_of(reference);
  const ColourPlanes& b = lhm_of(distorted);
  Plane fused = a[0];
  for (std::size_t i = 0; i < fused.values.size(); ++i) {
    fused.values[i] = 0.5F * (fused.values[i] + b[0].values[i]);
  }
  fused = gradient_magnitude(fused, kPrewitt);
  const float* gradient_a = luma_gradient(reference).values.data();
  const float* gradient_b = luma_gradient(distorted).values.data();
  const float* gradient_fused = fused.values.data();
  std::vector<float> joined(fused.values.size());
  for (std::size_t i = 0; i < joined.size(); ++i) {
    const float gradients = similarity(gradient_a[i], gradient_b[i], kGradients) +
                            similarity(gradient_b[i], gradient_fused[i], kFused) -
                            similarity(gradient_a[i], gradient_fused[i], kFused);
    const float h_a = a[1].values[i];
    const float h_b = b[1].values[i];
    const float m_a = a[2].values[i];
    const float m_b = b[2].values[i];
    const float chroma = (2 * (h_a * h_b + m_a * m_b) + kChroma) /
                         (h_a * h_a + h_b * h_b + m_a * m_a + m_b * m_b + kChroma);
    joined[i] = kGradientShare * gradients + (1 - kGradientShare) * chroma;
  }
  return joined;
}

}  // namespace

/// The mean deviation of fourth roots, which are complex where a similarity is negative.
double mdsi(const QualityImage& reference, const QualityImage& distorted) {
  std::vector<float> roots = joined_similarity(reference, distorted);
  std::vector<float> turned(
      roots.size());  // the roots of the negative ones, of which -1 has exp(i pi / 4)
  for (std::size_t i = 0; i < roots.size(); ++i) {
    const float root = std::sqrt(std::sqrt(std::abs(roots[i])));
    turned[i] = roots[i] < 0 ? root / std::numbers::sqrt2_v<float> : 0.0F;
    roots[i] = roots[i] < 0 ? turned[i] : root;
  }
  const auto count = static_cast<double>(roots.size());
  const double mean = sum_of(roots.size(), [&](std::size_t i) { return double{roots[i]}; }) / count;
  const double turned_mean =
      sum_of(roots.size(), [&](std::size_t i) { return double{turned[i]}; }) / count;
  const double deviation = sum_of(roots.size(), [&](std::size_t i) {
    const double x = roots[i] - mean;
    const double y = turned[i] - turned_mean;
    return std::sqrt(x * x + y * y);
  });
  return std::sqrt(std::sqrt(deviation / count));
}

void keep_mdsi_parts(const QualityImage& image) {
  luma_gradient(image);
}

std::unique_ptr<QualityMetric> make_mdsi_metric(const LinearDecoder* /*decoder*/) {
  return make_pair_metric({"mdsi", kMdsiLeastSide, 0, keep_mdsi_parts, mdsi});
}

}  // namespace gradspace::quality
