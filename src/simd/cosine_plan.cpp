#include "simd/cosine_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gradspace {
namespace {

/// Of frequency u at sample x.
float cosine_coefficient(std::size_t n, std::size_t u, std::size_t x) {
  const auto size = static_cast<double>(n);
  // The angle repeats after 4 n halves of a sample: kept small, its cosine is exact.
  const auto halves = static_cast<double>((2 * x + 1) * u % (4 * n));
  return static_cast<float>(std::sqrt((u == 0 ? 1.0 : 2.0) / size) *
                            std::cos(std::numbers::pi * halves / (2 * size)));
}

/// `sample_of(p)` is the sample whose coefficient the p-th value of the product is multiplied with.
template <class SampleOf>
void add_product(CosinePlan& plan, CosinePlan::Product product, SampleOf sample_of) {
  product.first_coefficient = plan.coefficients.size();
  for (std::size_t row = 0; row < product.size; row += CosinePlan::kBlock) {
    const std::size_t end = std::min(row + CosinePlan::kBlock, product.size);
    for (std::size_t p = 0; p < product.size; ++p) {
      for (std::size_t r = row; r < end; ++r) {
        const std::size_t frequency = product.first_frequency + r * product.frequency_step;
        plan.coefficients.push_back(cosine_coefficient(plan.size, frequency, sample_of(p)));
      }
    }
  }
  plan.products.push_back(product);
}

}  // namespace

CosinePlan::CosinePlan(std::size_t n) : size(n) {
  std::size_t left = n;
  std::size_t step = 1;
  for (; left > 1 && left % 2 == 0; left /= 2, step *= 2) {
    folds.push_back(left);
    const std::size_t half = left / 2;
    // Differences stand where the mirror image stood: the first one last.
    add_product(*this, {half, half, step, 2 * step, 0},
                [half](std::size_t p) { return half - 1 - p; });
  }
  add_product(*this, {left, 0, 0, step, 0}, [](std::size_t p) { return p; });
}

}  // namespace gradspace
