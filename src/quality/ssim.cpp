// Wang, Bovik, Sheikh, Simoncelli, IEEE Transactions on Image Processing 13 (2004).
#include <cstddef>
#include <cstdint>
#include <vector>

#include "quality/pair_metric.h"
#include "quality/plane.h"
#include "quality/prepared_image.h"

namespace gradspace::quality {
namespace {

constexpr int kWindow = 11;
constexpr double kC1 = (0.01 * 255) * (0.01 * 255);
constexpr double kC2 = (0.03 * 255) * (0.03 * 255);

/// The window is its product with itself.
using Window = std::vector<double>;

/// Weighted sums over the window's height, for every column: of both images, and of their products.
struct ColumnSums {
  explicit ColumnSums(std::size_t width) : a(width), b(width), aa(width), bb(width), ab(width) {}

  void work_out(const Image& first, const Image& second, int top, const Window& window) {
    for (std::vector<double>* sums : {&a, &b, &aa, &bb, &ab}) {
      sums->assign(sums->size(), 0.0);
    }
    for (int y = 0; y < kWindow; ++y) {
      const std::uint8_t* row_a = first.row(top + y).data();
      const std::uint8_t* row_b = second.row(top + y).data();
      const double weight = window[static_cast<std::size_t>(y)];
      for (std::size_t x = 0; x < a.size(); ++x) {
        const double value_a = row_a[x];
        const double value_b = row_b[x];
        a[x] += weight * value_a;
        b[x] += weight * value_b;
        aa[x] += weight * (value_a * value_a);
        bb[x] += weight * (value_b * value_b);
        ab[x] += weight * (value_a * value_b);
      }
    }
  }

  std::vector<double> a, b, aa, bb, ab;
};

/// The window's sum over columns, for every place it has in a row.
void sum_columns(const std::vector<double>& columns, const Window& window,
                 std::vector<double>& sums) {
  sums.assign(sums.size(), 0.0);
  for (std::size_t i = 0; i < window.size(); ++i) {
    for (std::size_t x = 0; x < sums.size(); ++x) {
      sums[x] += window[i] * columns[x + i];
    }
  }
}

double structural_similarity(const Image& first, const Image& second) {
  const Window window = gaussian_window(kWindow, 1.5);
  const auto width = static_cast<std::size_t>(first.width());
  ColumnSums columns(width);
  ColumnSums means(width - kWindow + 1);
  double total = 0;
  for (int top = 0; top + kWindow <= first.height(); ++top) {
    columns.work_out(first, second, top, window);
    sum_columns(columns.a, window, means.a);
    sum_columns(columns.b, window, means.b);
    sum_columns(columns.aa, window, means.aa);
    sum_columns(columns.bb, window, means.bb);
    sum_columns(columns.ab, window, means.ab);
    double row = 0;
    for (std::size_t x = 0; x < means.a.size(); ++x) {
      const double a = means.a[x];
      const double b = means.b[x];
      const double variances = (means.aa[x] - a * a) + (means.bb[x] - b * b);
      const double covariance = means.ab[x] - a * b;
      row += ((2 * a * b + kC1) * (2 * covariance + kC2)) /
             ((a * a + b * b + kC1) * (variances + kC2));
    }
    total += row;
  }
  return total / (static_cast<double>(means.a.size()) * (first.height() - kWindow + 1));
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
