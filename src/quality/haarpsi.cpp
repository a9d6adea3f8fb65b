// Haar wavelet-based perceptual similarity index: Reisenhofer, Bosse, Kutyniok, Wiegand, Signal Processing: Image
// Communication 61 (2018).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "quality/colour_planes.h"
#include "quality/companions.h"
#include "quality/image_parts.h"
#include "quality/pair_metric.h"
#include "quality/plane.h"
#include "simd/row_filters.h"

namespace gradspace::quality {
namespace {

constexpr std::size_t kHaarScales = 3;
constexpr float kHaarConstant = 30;  // C and alpha of the paper
constexpr double kHaarSteepness = 4.2;

/// Magnitudes of an image's Haar coefficients, and of the means of I and Q over 2x2 pixels.
struct HaarParts {
  std::array<std::array<Plane, 2>, kHaarScales> coefficients;  ///< by scale: of rows, of columns
  std::array<Plane, 2> chroma;
};

/// Filters with `along` every row and with `across` every column, zeros around the plane, and takes absolute
/// values. Of an even number of taps n, n / 2 - 1 lie before the pixel.
Plane filtered_magnitude(const Plane& plane, const std::vector<float>& along,
                         const std::vector<float>& across) {
  const auto width = static_cast<std::size_t>(plane.width);
  const auto taps = along.size();
  const int before = static_cast<int>(taps) / 2 - 1;
  std::vector<float> padded(width + taps - 1);
  const std::vector<float> zeros(width);
  Plane rows(plane.width, plane.height);
  for (int y = 0; y < plane.height; ++y) {
    std::copy_n(plane.row(y), width, padded.begin() + before);
    simd::filter_row(along, padded.data(), rows.row(y), width);
  }
  Plane result(plane.width, plane.height);
  std::vector<const float*> window(taps);
  for (int y = 0; y < plane.height; ++y) {
    for (std::size_t k = 0; k < taps; ++k) {
      const int from = y + static_cast<int>(k) - before;
      window[k] = from < 0 || from >= plane.height ? zeros.data() : rows.row(from);
    }
    simd::filter_rows(across, window.data(), result.row(y), width);
  }
  for (float& value : result.values) {
    value = std::abs(value);
  }
  return result;
}

HaarParts make_haar_parts(const QualityImage& image) {
  const ColourPlanes& yiq = colour_planes(image, padded_blocks(image.rgb(), 2), ColourSpace::kYiq);
  HaarParts parts;
  std::size_t taps = 2;
  for (auto& [of_rows, of_columns] : parts.coefficients) {
    const std::vector<float> mean(taps, 1 / static_cast<float>(taps));
    std::vector<float> edge(taps, 1.0F);
    std::fill_n(edge.begin(), taps / 2, -1.0F);
    of_rows = filtered_magnitude(yiq[0], mean, edge);
    of_columns = filtered_magnitude(yiq[0], edge, mean);
    taps *= 2;
  }
  const std::vector<float> pair{0.5F, 0.5F};
  parts.chroma = {filtered_magnitude(yiq[1], pair, pair), filtered_magnitude(yiq[2], pair, pair)};
  return parts;
}

const HaarParts& haar_parts(const QualityImage& image) {
  return part_of<HaarParts>(image, [&image] { return make_haar_parts(image); });
}

/// Sums over pixels of logistic values of similarity, and of their weights.
struct HaarSums {
  double weighted = 0;
  double weights = 0;

  void add(const std::vector<float>& similar, const std::vector<float>& weight) {
    weighted += sum_of(similar.size(), [&](std::size_t i) {
      return double{weight[i]} / (1 + std::exp(-static_cast<float>(kHaarSteepness) * similar[i]));
    });
    weights += sum_of(weight.size(), [&](std::size_t i) { return double{weight[i]}; });
  }
};

/// The mean similarity of two pairs of planes.
std::vector<float> mean_similarity(const Plane& a1, const Plane& b1, const Plane& a2,
                                   const Plane& b2) {
  std::vector<float> similar(a1.values.size());
  for (std::size_t i = 0; i < similar.size(); ++i) {
    similar[i] = 0.5F * (similarity(a1.values[i], b1.values[i], kHaarConstant) +
                         similarity(a2.values[i], b2.values[i], kHaarConstant));
  }
  return similar;
}

}  // namespace

double haarpsi(const QualityImage& reference, const QualityImage& distorted) {
  const HaarParts& a = haar_parts(reference);
  const HaarParts& b = haar_parts(distorted);
  HaarSums sums;
  std::vector<float> mean_weight(a.chroma[0].values.size());
  for (std::size_t direction = 0; direction < 2; ++direction) {
    const std::vector<float>& coarse_a = a.coefficients[2][direction].values;
    const std::vector<float>& coarse_b = b.coefficients[2][direction].values;
    std::vector<float> weight(coarse_a.size());
    for (std::size_t i = 0; i < weight.size(); ++i) {
      weight[i] = std::max(coarse_a[i], coarse_b[i]);
      mean_weight[i] += 0.5F * weight[i];
    }
    sums.add(mean_similarity(a.coefficients[0][direction], b.coefficients[0][direction],
                             a.coefficients[1][direction], b.coefficients[1][direction]),
             weight);
  }
  sums.add(mean_similarity(a.chroma[0], b.chroma[0], a.chroma[1], b.chroma[1]), mean_weight);
  require_weights(sums.weights, "haarpsi", reference, distorted, "black");
  const double mean = sums.weighted / sums.weights;
  const double root = std::log(mean / (1 - mean)) / kHaarSteepness;
  return root * root;
}

void keep_haarpsi_parts(const QualityImage& image) {
  haar_parts(image);
}

std::unique_ptr<QualityMetric> make_haarpsi_metric(const LinearDecoder* /*decoder*/) {
  return make_pair_metric({"haarpsi", kHaarpsiLeastSide, 1, keep_haarpsi_parts, haarpsi});
}

}  // namespace gradspace::quality
