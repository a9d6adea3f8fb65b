// Visual information fidelity in the pixel domain (VIFp): Sheikh, Bovik, IEEE Transactions on Image Processing 15
// (2006), by the authors' simplified implementation, vifp_mscale.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "gradspace/error.h"
#include "quality/colour_planes.h"
#include "quality/image_parts.h"
#include "quality/pair_metric.h"
#include "quality/plane.h"
#include "quality/window_moments.h"

namespace gradspace::quality {
namespace {

constexpr int kVifScales = 4;

/// The variance of the eye's own noise.
constexpr float kEyeNoise = 2;

/// Smaller variances count as none.
constexpr float kNoVariance = 1e-8F;

std::vector<float> vif_weights(int scale) {
  const int taps = (1 << (kVifScales - scale)) + 1;
  return gaussian_weights(taps, taps / 5.0);
}

/// The luma at the second to the fourth scale, and its mean at the first.
struct VifScales {
  std::array<Plane, kVifScales - 1> smaller;
  float mean = 0;
};

const VifScales& vif_scales(const QualityImage& image) {
  return part_of<VifScales>(image, [&image] {
    const Plane& luma = luma_plane(image);
    VifScales scales;
    const Plane* larger = &luma;
    int scale = 0;
    for (Plane& smaller : scales.smaller) {
      smaller = filtered_and_halved(*larger, vif_weights(++scale));
      larger = &smaller;
    }
    const double sum =
        sum_of(luma.values.size(), [&](std::size_t i) { return double{luma.values[i]}; });
    scales.mean = static_cast<float>(sum / static_cast<double>(luma.values.size()));
    return scales;
  });
}

/// The sum of log10(1 + x): the logarithm of products that double precision holds.
double sum_of_logarithms(std::span<const float> values) {
  constexpr std::size_t kProducts = 8;
  constexpr std::size_t kFactors = 32;  // of at most 2^16 each
  double sum = 0;
  for (std::size_t begin = 0; begin < values.size(); begin += kProducts * kFactors) {
    const std::span<const float> run =
        values.subspan(begin, std::min(kProducts * kFactors, values.size() - begin));
    std::array<double, kProducts> products;
    products.fill(1);
    std::size_t i = 0;
    for (; i + kProducts <= run.size(); i += kProducts) {
      for (std::size_t k = 0; k < kProducts; ++k) {
        products[k] *= 1.0 + double{run[i + k]};
      }
    }
    for (; i < run.size(); ++i) {
      products[0] *= 1.0 + double{run[i]};
    }
    for (const double product : products) {
      sum += std::log10(product);
    }
  }
  return sum;
}

/// What the eye learns of the scene from the distorted image, and what it would from the reference.
struct Information {
  double distorted = 0;
  double reference = 0;
};

/// A row's ratios of signal to noise. Where a variance is as good as none there is no gain, and a negative gain
/// counts as noise, as in the authors' implementation.
void find_ratios(const MomentRow& row, std::vector<float>& distorted,
                 std::vector<float>& reference) {
  for (std::size_t x = 0; x < distorted.size(); ++x) {
    const float variance_a = row.variance_a(x);
    const float variance_b = std::max(row.variance_b(x), 0.0F);
    const float covariance = row.covariance(x);
    const bool gains = variance_a >= kNoVariance && variance_b >= kNoVariance && covariance > 0;
    const float signal = variance_a >= kNoVariance ? variance_a : 0.0F;
    const float gain = gains ? covariance / (variance_a + kNoVariance) : 0.0F;
    const float noise = std::max(variance_b - gain * covariance, kNoVariance);
    // No more than the variance, but for what rounding makes of variances that are as good as none.
    distorted[x] = std::min(gain * gain * signal, variance_b) / (noise + kEyeNoise);
    reference[x] = signal / kEyeNoise;
  }
}

Information information_of_scale(const Plane& a, const Plane& b, float mean_a, float mean_b,
                                 int scale) {
  const std::vector<float> weights = vif_weights(scale);
  WindowMoments moments(a, b, weights, mean_a, mean_b);
  std::vector<float> distorted(moments.columns());
  std::vector<float> reference(moments.columns());
  Information sum;
  for (int y = 0; y < moments.rows(); ++y) {
    find_ratios(moments.next(), distorted, reference);
    sum.distorted += sum_of_logarithms(distorted);
    sum.reference += sum_of_logarithms(reference);
  }
  return sum;
}

double vif_p(const QualityImage& reference, const QualityImage& distorted) {
  const VifScales& a = vif_scales(reference);
  const VifScales& b = vif_scales(distorted);
  const Plane& luma_a = luma_plane(reference);
  const Plane& luma_b = luma_plane(distorted);
  if (luma_a.values == luma_b.values) {
    return 1;
  }
  Information sum = information_of_scale(luma_a, luma_b, a.mean, b.mean, 0);
  for (int scale = 1; scale < kVifScales; ++scale) {
    const auto i = static_cast<std::size_t>(scale - 1);
    const Information more =
        information_of_scale(a.smaller[i], b.smaller[i], a.mean, b.mean, scale);
    sum.distorted += more.distorted;
    sum.reference += more.reference;
  }
  if (sum.reference == 0) {
    throw InvalidArgument(fmt::format(
        "{}: all its pixels are alike, so that it holds no information for vif-p to measure by",
        reference.name()));
  }
  return sum.distorted / sum.reference;
}

}  // namespace

std::unique_ptr<QualityMetric> make_vif_p_metric(const LinearDecoder* /*decoder*/) {
  constexpr int kLeastSide = 41;  // so that the fourth scale has room for a window
  return make_pair_metric(
      {"vif-p", kLeastSide, 1, [](const QualityImage& image) { vif_scales(image); }, vif_p});
}

}  // namespace gradspace::quality
