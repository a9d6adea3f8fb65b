// Multi-scale structural similarity: Wang, Simoncelli, Bovik, Asilomar Conference on Signals, Systems and Computers
// (2003). One metric of luma, as published, and one of the three colours, as Python's libraries have it.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "quality/pair_metric.h"
#include "quality/plane.h"
#include "quality/prepared_image.h"
#include "quality/window_moments.h"

namespace gradspace::quality {
namespace {

constexpr std::array<double, 5> kScaleExponents{0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr int kScaleWindow = 11;
constexpr float kLuminanceConstant = (0.01F * 255) * (0.01F * 255);
constexpr float kContrastConstant = (0.03F * 255) * (0.03F * 255);

/// Taken off the samples, so that their squares are small.
constexpr float kMiddle = 128;

/// So that the fifth scale has room for a window, whichever way odd sides are halved.
constexpr int kLeastScaledSide = (kScaleWindow - 1) * 16 + 1;

/// The mean of contrast and structure over a scale; of luminance as well, where it is the last.
double mean_of_scale(const Plane& a, const Plane& b, const std::vector<float>& weights,
                     bool with_luminance) {
  WindowMoments moments(a, b, weights, kMiddle, kMiddle);
  std::vector<float> similar(moments.columns());
  double sum = 0;
  for (int y = 0; y < moments.rows(); ++y) {
    const MomentRow& row = moments.next();
    for (std::size_t x = 0; x < similar.size(); ++x) {
      similar[x] = (2 * row.covariance(x) + kContrastConstant) /
                   (row.variance_a(x) + row.variance_b(x) + kContrastConstant);
    }
    if (with_luminance) {
      for (std::size_t x = 0; x < similar.size(); ++x) {
        similar[x] *= similarity(row.a[x] + kMiddle, row.b[x] + kMiddle, kLuminanceConstant);
      }
    }
    sum += sum_of(similar.size(), [&](std::size_t x) { return double{similar[x]}; });
  }
  return sum / (static_cast<double>(similar.size()) * moments.rows());
}

/// A mean that is negative counts as 0: its power is no number.
double multi_scale_similarity(Plane a, Plane b, BeyondOdd beyond) {
  const std::vector<float> weights = gaussian_weights(kScaleWindow, 1.5);
  double product = 1;
  for (std::size_t scale = 0; scale < kScaleExponents.size(); ++scale) {
    if (scale > 0) {
      a = halved(a, beyond);
      b = halved(b, beyond);
    }
    const bool last = scale + 1 == kScaleExponents.size();
    product *= std::pow(std::max(0.0, mean_of_scale(a, b, weights, last)), kScaleExponents[scale]);
  }
  return product;
}

double ms_ssim(const QualityImage& reference, const QualityImage& distorted) {
  return multi_scale_similarity(plane_of(luma_of(reference), 0), plane_of(luma_of(distorted), 0),
                                BeyondOdd::kRepeatLast);
}

double ms_ssim_rgb(const QualityImage& reference, const QualityImage& distorted) {
  constexpr int kChannels = 3;
  double sum = 0;
  for (int channel = 0; channel < kChannels; ++channel) {
    sum += multi_scale_similarity(plane_of(reference.rgb(), channel),
                                  plane_of(distorted.rgb(), channel), BeyondOdd::kRepeatFirst);
  }
  return sum / kChannels;
}

}  // namespace

std::unique_ptr<QualityMetric> make_ms_ssim_metric(const LinearDecoder* /*decoder*/) {
  return make_pair_metric(
      {"ms-ssim", kLeastScaledSide, 1, [](const QualityImage& image) { luma_of(image); }, ms_ssim});
}

std::unique_ptr<QualityMetric> make_ms_ssim_rgb_metric(const LinearDecoder* /*decoder*/) {
  return make_pair_metric({"ms-ssim-rgb", kLeastScaledSide, 1, nullptr, ms_ssim_rgb});
}

}  // namespace gradspace::quality
