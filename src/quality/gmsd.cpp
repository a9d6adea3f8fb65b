// Gradient magnitude similarity deviation: Xue, Zhang, Mou, Bovik, IEEE Transactions on Image Processing 23 (2014).
#include "quality/gradient_similarity.h"
#include "quality/image_parts.h"
#include "quality/pair_metric.h"

namespace gradspace::quality {
namespace {

struct HalvedGradient {
  Plane plane;
};

}  // namespace

const Plane& halved_gradient(const QualityImage& image) {
  const auto make = [&image] {
    const BlockGrid grid = padded_blocks(image.rgb(), 2);
    return HalvedGradient{
        gradient_magnitude(colour_planes(image, grid, ColourSpace::kYiq)[0], kPrewitt)};
  };
  return part_of<HalvedGradient>(image, make).plane;
}

double similarity_deviation(const Plane& a, const Plane& b, float masking) {
  const std::size_t size = a.values.size();
  std::vector<float> similar(size);
  for (std::size_t i = 0; i < size; ++i) {
    const float x = a.values[i];
    const float y = b.values[i];
    const float both = x * y;
    similar[i] =
        ((2 - masking) * both + kGmsConstant) / (x * x + y * y - masking * both + kGmsConstant);
  }
  const auto count = static_cast<double>(size);
  const double mean = sum_of(size, [&](std::size_t i) { return double{similar[i]}; }) / count;
  const double squares = sum_of(size, [&](std::size_t i) {
    const double difference = similar[i] - mean;
    return difference * difference;
  });
  return std::sqrt(squares / count);
}

std::unique_ptr<QualityMetric> make_gmsd_metric(const LinearDecoder* /*decoder*/) {
  constexpr int kLeastSide = 5;  // whose half has room for the gradient's filter
  return make_pair_metric(
      {"gmsd", kLeastSide, 0, [](const QualityImage& image) { halved_gradient(image); },
       [](const QualityImage& reference, const QualityImage& distorted) {
         return similarity_deviation(halved_gradient(reference), halved_gradient(distorted), 0);
       }});
}

}  // namespace gradspace::quality
