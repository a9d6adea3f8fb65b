// Gradient magnitude similarity deviation on multiple scales, with colour (MS-GMSDc): Zhang, Sun, Jin, Lei, Wang,
// IEEE International Conference on Acoustics, Speech and Signal Processing (2017).
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "quality/gradient_similarity.h"
#include "quality/image_parts.h"
#include "quality/pair_metric.h"

namespace gradspace::quality {
namespace {

constexpr std::size_t kScales = 4;

/// What the formula asks of an image besides the gradient of its half, which gmsd shares.
struct GradientScales {
  Plane whole;                   ///< gradient of the luma at full size
  std::array<Plane, 2> smaller;  ///< at a quarter and an eighth
  std::array<Plane, 2> chroma;   ///< I and Q at an eighth
};

GradientScales make_scales(const QualityImage& image) {
  GradientScales scales;
  scales.whole = gradient_magnitude(luma_plane(image), kPrewitt);
  ColourPlanes planes = colour_planes(image, padded_blocks(image.rgb(), 2), ColourSpace::kYiq);
  for (Plane& smaller : scales.smaller) {
    for (Plane& plane : planes) {
      plane = halved(plane, BeyondOdd::kZeros);
    }
    smaller = gradient_magnitude(planes[0], kPrewitt);
  }
  scales.chroma = {std::move(planes[1]), std::move(planes[2])};
  return scales;
}

const GradientScales& scales_of(const QualityImage& image) {
  return part_of<GradientScales>(image, [&image] { return make_scales(image); });
}

/// The mean of squared differences.
double mean_square(const Plane& a, const Plane& b) {
  const double sum = sum_of(a.values.size(), [&](std::size_t i) {
    const double difference = a.values[i] - b.values[i];
    return difference * difference;
  });
  return sum / static_cast<double>(a.values.size());
}

double ms_gmsd_c(const QualityImage& reference, const QualityImage& distorted) {
  constexpr std::array<double, kScales> kWeights{0.096, 0.596, 0.289, 0.019};
  constexpr float kMasking = 0.5F;
  constexpr double kChroma = 0.01;  // beta 1 to 3 of the paper
  constexpr double kBend = 0.32;
  constexpr double kSteepness = 15;
  const GradientScales& a = scales_of(reference);
  const GradientScales& b = scales_of(distorted);
  const std::array<double, kScales> deviations{
      similarity_deviation(a.whole, b.whole, kMasking),
      similarity_deviation(halved_gradient(reference), halved_gradient(distorted), kMasking),
      similarity_deviation(a.smaller[0], b.smaller[0], kMasking),
      similarity_deviation(a.smaller[1], b.smaller[1], kMasking)};
  double squares = 0;
  for (std::size_t scale = 0; scale < kScales; ++scale) {
    squares += kWeights[scale] * deviations[scale] * deviations[scale];
  }
  const double luma = std::sqrt(squares);
  const double chroma =
      std::sqrt(mean_square(a.chroma[0], b.chroma[0]) + mean_square(a.chroma[1], b.chroma[1]));
  const double share = 2 / (1 + kBend * std::exp(-kSteepness * luma)) - 1;
  return share * luma + (1 - share) * kChroma * chroma;
}

}  // namespace

std::unique_ptr<QualityMetric> make_ms_gmsd_c_metric(const LinearDecoder* /*decoder*/) {
  constexpr int kLeastSide = 33;
  return make_pair_metric({"ms-gmsd-c", kLeastSide, 0,
                           [](const QualityImage& image) {
                             halved_gradient(image);
                             scales_of(image);
                           },
                           ms_gmsd_c});
}

}  // namespace gradspace::quality
