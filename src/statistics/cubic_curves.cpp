#include "statistics/cubic_curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace gradspace {
namespace {

/// The integral of a polynomial of degree 3 or less: Gauss's rule of two points is exact for it.
template <typename Function>
double integral_of_cubic(const Function& f, double low, double high) {
  const double middle = (low + high) / 2;
  const double half = (high - low) / 2;
  const double offset = half / std::sqrt(3.0);
  return half * (f(middle - offset) + f(middle + offset));
}

/// The derivative at the first of three points. `near` and `far` are the widths and slopes of the first and the second
/// interval.
double end_derivative(double near_width, double far_width, double near_slope, double far_slope) {
  const double derivative = ((2 * near_width + far_width) * near_slope - near_width * far_slope) /
                            (near_width + far_width);
  if (derivative * near_slope <= 0) {
    return 0;
  }
  const bool turns = near_slope * far_slope < 0;
  return turns && std::abs(derivative) > 3 * std::abs(near_slope) ? 3 * near_slope : derivative;
}

std::vector<double> pchip_derivatives(std::span<const double> x, std::span<const double> y) {
  const std::size_t intervals = x.size() - 1;
  std::vector<double> width(intervals);
  std::vector<double> slope(intervals);
  for (std::size_t i = 0; i < intervals; ++i) {
    width[i] = x[i + 1] - x[i];
    slope[i] = (y[i + 1] - y[i]) / width[i];
  }
  std::vector<double> derivative(x.size(), slope[0]);
  if (intervals == 1) {
    return derivative;
  }
  for (std::size_t i = 1; i < intervals; ++i) {
    if (slope[i - 1] * slope[i] <= 0) {
      derivative[i] = 0;
      continue;
    }
    const double before = 2 * width[i] + width[i - 1];
    const double after = width[i] + 2 * width[i - 1];
    derivative[i] = (before + after) / (before / slope[i - 1] + after / slope[i]);
  }
  const std::size_t last = intervals - 1;
  derivative.front() = end_derivative(width[0], width[1], slope[0], slope[1]);
  derivative.back() = end_derivative(width[last], width[last - 1], slope[last], slope[last - 1]);
  return derivative;
}

/// Polynomials of degree 0 to 3 that are orthogonal over the points:
/// p[k + 1](x) = (x - a[k]) p[k](x) - b[k] p[k - 1](x).
struct OrthogonalPolynomials {
  std::array<double, 3> a{};
  std::array<double, 3> b{};

  std::array<double, 4> at(double x) const {
    std::array<double, 4> values{1, x - a[0]};
    for (std::size_t k = 1; k < 3; ++k) {
      values[k + 1] = (x - a[k]) * values[k] - b[k] * values[k - 1];
    }
    return values;
  }
};

double sum_over(std::span<const double> x, const auto& f) {
  double sum = 0;
  for (const double value : x) {
    sum += f(value);
  }
  return sum;
}

OrthogonalPolynomials orthogonal_over(std::span<const double> x) {
  OrthogonalPolynomials polynomials;
  double norm_before = 1;
  for (std::size_t k = 0; k < 3; ++k) {  // p[k] needs a and b up to k - 1
    const auto square = [&](double value) {
      const double p = polynomials.at(value)[k];
      return p * p;
    };
    const double norm = sum_over(x, square);
    polynomials.a[k] = sum_over(x, [&](double value) { return value * square(value); }) / norm;
    polynomials.b[k] = k == 0 ? 0 : norm / norm_before;
    norm_before = norm;
  }
  return polynomials;
}

}  // namespace

double pchip_integral(std::span<const double> x, std::span<const double> y, double low,
                      double high) {
  const std::vector<double> derivative = pchip_derivatives(x, y);
  double area = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double begin = std::max(low, x[i]);
    const double end = std::min(high, x[i + 1]);
    if (begin >= end) {
      continue;
    }
    const double width = x[i + 1] - x[i];
    const auto hermite = [&](double at) {
      const double t = (at - x[i]) / width;
      const double s = 1 - t;
      return s * s * ((1 + 2 * t) * y[i] + t * width * derivative[i]) +
             t * t * ((1 + 2 * s) * y[i + 1] - s * width * derivative[i + 1]);
    };
    area += integral_of_cubic(hermite, begin, end);
  }
  return area;
}

double cubic_fit_integral(std::span<const double> x, std::span<const double> y, double low,
                          double high) {
  // Scaled to [-1, 1], so that cubes keep their digits.
  const double middle = (x.front() + x.back()) / 2;
  const double half = (x.back() - x.front()) / 2;
  const auto scaled = [&](double value) { return (value - middle) / half; };
  std::vector<double> places(x.size());
  std::ranges::transform(x, places.begin(), scaled);
  const OrthogonalPolynomials polynomials = orthogonal_over(places);
  std::array<double, 4> weight{};
  std::array<double, 4> norm{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::array<double, 4> values = polynomials.at(places[i]);
    for (std::size_t k = 0; k < 4; ++k) {
      weight[k] += values[k] * y[i];
      norm[k] += values[k] * values[k];
    }
  }
  const auto fit = [&](double at) {
    const std::array<double, 4> values = polynomials.at(at);
    double sum = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      sum += weight[k] / norm[k] * values[k];
    }
    return sum;
  };
  return half * integral_of_cubic(fit, scaled(low), scaled(high));
}

}  // namespace gradspace
