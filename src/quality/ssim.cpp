// Wang, Bovik, Sheikh, Simoncelli, IEEE Transactions on Image Processing 13 (2004).
#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "quality/pair_metric.h"
#include "quality/plane.h"
#include "quality/prepared_image.h"
#include "quality/ssim_rows.h"

namespace gradspace::quality {
namespace {

constexpr int kWindow = kSsimTaps;

SsimWindow ssim_window() {
  SsimWindow window;
  std::ranges::copy(gaussian_window(kWindow, 1.5), window.weights.begin());
  window.c1 = (0.01 * 255) * (0.01 * 255);
  window.c2 = (0.03 * 255) * (0.03 * 255);
  return window;
}

/// The sum of the similarities at all places of the window in `columns` columns of places from `left` on, row by
/// row: a ring keeps the sums along the window's rows.
double similarity_of_strip(const Image& first, const Image& second, const SsimWindow& window,
                           std::size_t left, std::size_t columns) {
  std::vector<SsimRow> ring(kSsimTaps);
  std::array<const SsimRow*, kSsimTaps> rows{};
  double total = 0;
  for (int y = 0; y < first.height(); ++y) {
    const auto place = static_cast<std::size_t>(y);
    ssim_row_sums(window, first.row(y).data() + left, second.row(y).data() + left, columns,
                  ring[place % kSsimTaps]);
    if (y + 1 < kWindow) {
      continue;
    }
    for (std::size_t k = 0; k < kSsimTaps; ++k) {
      rows[k] = &ring[(place + 1 + k) % kSsimTaps];
    }
    total += ssim_of_rows(window, rows, columns);
  }
  return total;
}

double structural_similarity(const Image& first, const Image& second) {
  const SsimWindow window = ssim_window();
  const auto places = static_cast<std::size_t>(first.width() - kWindow + 1);
  double total = 0;
  for (std::size_t left = 0; left < places; left += kSsimStrip) {
    const std::size_t columns = std::min(kSsimStrip, places - left);
    total += similarity_of_strip(first, second, window, left, columns);
  }
  return total / (static_cast<double>(places) * (first.height() - kWindow + 1));
}

double ssim(const QualityImage& reference, const QualityImage& distorted) {
  const Image& a = luma_of(reference);
  const Image& b = luma_of(distorted);
  return a == b ? 1 : structural_similarity(a, b);
}

}  // namespace

std::unique_ptr<QualityMetric> make_ssim_metric(const LinearDecoder* /*decoder*/) {
  return make_pair_metric(
      {"ssim", kWindow, 1, [](const QualityImage& image) { luma_of(image); }, ssim});
}

}  // namespace gradspace::quality
