// Peak signal-to-noise ratio, of all samples and of luma.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "quality/pair_metric.h"
#include "quality/prepared_image.h"

namespace gradspace::quality {
namespace {

/// As many squares as 32 bits hold, in round numbers: short sums are what compilers turn into vectors.
constexpr std::size_t kRun = 1 << 15;

/// In dB; infinity where all samples are equal.
double peak_ratio(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  std::uint64_t squares = 0;
  for (std::size_t begin = 0; begin < a.size(); begin += kRun) {
    std::uint32_t sum = 0;
    for (std::size_t i = begin; i < std::min(begin + kRun, a.size()); ++i) {
      const int difference = int{a[i]} - int{b[i]};
      sum += static_cast<std::uint32_t>(difference * difference);
    }
    squares += sum;
  }
  if (squares == 0) {
    return std::numeric_limits<double>::infinity();
  }
  constexpr double kPeak = 255;
  const double mean = static_cast<double>(squares) / static_cast<double>(a.size());
  return 10 * std::log10(kPeak * kPeak / mean);
}

}  // namespace

std::unique_ptr<QualityMetric> make_psnr_metric(const LinearDecoder* /*decoder*/) {
  return make_pair_metric({"psnr", 1, std::numeric_limits<double>::infinity(), nullptr,
                           [](const QualityImage& reference, const QualityImage& distorted) {
                             return peak_ratio(reference.rgb().pixels(), distorted.rgb().pixels());
                           }});
}

std::unique_ptr<QualityMetric> make_psnr_y_metric(const LinearDecoder* /*decoder*/) {
  return make_pair_metric({"psnr-y", 1, std::numeric_limits<double>::infinity(),
                           [](const QualityImage& image) { luma_of(image); },
                           [](const QualityImage& reference, const QualityImage& distorted) {
                             return peak_ratio(luma_of(reference).pixels(),
                                               luma_of(distorted).pixels());
                           }});
}

}  // namespace gradspace::quality
