#include "challenge/scene.h"

#include <algorithm>

#include "challenge/light.h"

namespace gradspace::challenge {
namespace {

constexpr int kRowsMeasured = 256;

}  // namespace

LumaHistogram::LumaHistogram(const Image& image) {
  const int step = std::max(1, image.height() / kRowsMeasured);
  for (int y = 0; y < image.height(); y += step) {
    const auto row = image.row(y);
    if (image.channels() == 1) {
      for (const std::uint8_t sample : row) {
        ++counts_[sample];
      }
    } else {
      for (std::size_t x = 0; x < row.size(); x += 3) {
        const unsigned luma = (77U * row[x] + 150U * row[x + 1] + 29U * row[x + 2]) >> 8U;
        ++counts_[luma];
      }
    }
    total_ += image.width();
  }
}

int LumaHistogram::percentile(double share) const {
  const auto wanted = static_cast<std::int64_t>(share * static_cast<double>(total_));
  std::int64_t seen = 0;
  for (std::size_t luma = 0; luma < counts_.size(); ++luma) {
    seen += counts_[luma];
    if (seen >= wanted && seen > 0) {
      return static_cast<int>(luma);
    }
  }
  return 255;
}

float air_light(const Image& image) {
  const auto brightest = static_cast<std::size_t>(LumaHistogram(image).percentile(0.98));
  return std::clamp(linear_table()[brightest], 0.35F, 0.85F);
}

}  // namespace gradspace::challenge
