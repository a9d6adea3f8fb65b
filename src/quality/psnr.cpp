#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "gradspace/quality.h"
#include "quality/prepared_image.h"

namespace gradspace::quality {
namespace {

class PsnrReference : public QualityReference {
 public:
  explicit PsnrReference(std::shared_ptr<const QualityImage> reference)
      : reference_(std::move(reference)) {}

  double score(const QualityImage& distorted) const override {
    check_sizes(*reference_, distorted);
    const std::span<const std::uint8_t> a = reference_->rgb().pixels();
    const std::span<const std::uint8_t> b = distorted.rgb().pixels();
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

 private:
  /// As many squares as 32 bits hold, in round numbers: short sums are what compilers turn into
  /// vectors.
  static constexpr std::size_t kRun = 1 << 15;

  std::shared_ptr<const QualityImage> reference_;
};

class PsnrMetric : public QualityMetric {
 public:
  std::unique_ptr<QualityReference> prepare(
      std::shared_ptr<const QualityImage> reference) const override {
    return std::make_unique<PsnrReference>(std::move(reference));
  }
};

}  // namespace

std::unique_ptr<QualityMetric> make_psnr_metric(const LinearDecoder* /*decoder*/) {
  return std::make_unique<PsnrMetric>();
}

}  // namespace gradspace::quality
