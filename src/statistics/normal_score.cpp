#include "statistics/normal_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/tensor_of_shape.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::size_t kQuantiles = 100;

double polynomial(std::initializer_list<double> coefficients, double x) {
  double value = 0;
  for (const double coefficient : coefficients) {
    value = value * x + coefficient;
  }
  return value;
}

/// For p <= 1/2.
double rough_quantile(double p) {
  constexpr double kTail = 0.02425;
  if (p < kTail) {
    const double q = std::sqrt(-2 * std::log(p));
    return polynomial({-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                       -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00},
                      q) /
           polynomial({7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                       3.754408661907416e+00, 1.0},
                      q);
  }
  const double q = p - 0.5;
  const double r = q * q;
  return q *
         polynomial({-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02,
                     1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00},
                    r) /
         polynomial({-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                     6.680131188771972e+01, -1.328068155288572e+01, 1.0},
                    r);
}

/// The slope of `y` over `x` by the values at two places, or that of the whole range where those are
/// one point.
double slope(std::span<const float> x, std::span<const double> y, std::size_t from,
             std::size_t to) {
  if (x[from] == x[to]) {
    from = 0;
    to = x.size() - 1;
  }
  return (y[to] - y[from]) / (static_cast<double>(x[to]) - x[from]);
}

}  // namespace

double normal_tail(double z) {
  return std::erfc(z / std::numbers::sqrt2) / 2;
}

double log_normal_tail(double z) {
  if (z < 30) {
    return std::log(normal_tail(z));
  }
  // The asymptotic series; its next term is 15 / z^6.
  const double inverse = 1 / (z * z);
  return -z * z / 2 - std::log(z) - std::log(2 * std::numbers::pi) / 2 +
         std::log1p(-inverse + 3 * inverse * inverse);
}

double normal_quantile(double p) {
  if (p > 0.5) {
    return -normal_quantile(1 - p);
  }
  const double x = rough_quantile(p);
  const double error = normal_tail(-x) - p;
  const double u = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
  return x - u / (1 + x * u / 2);
}

NormalScore NormalScore::fit(std::span<const double> clean_scores, const std::string& what) {
  if (clean_scores.size() < kMinimum) {
    throw InvalidArgument(fmt::format("{}: {} clean images to calibrate on, at least {} are wanted",
                                      what, clean_scores.size(), kMinimum));
  }
  std::vector<double> sorted(clean_scores.begin(), clean_scores.end());
  std::ranges::sort(sorted);
  if (sorted.front() == sorted.back()) {
    throw InvalidArgument(fmt::format("{}: every clean image scores {}", what, sorted.front()));
  }
  const std::size_t count = std::min(kQuantiles, sorted.size());
  std::vector<float> quantiles;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = (static_cast<double>(i) + 0.5) / static_cast<double>(count) *
                             static_cast<double>(sorted.size()) -
                         0.5;
    const auto below = static_cast<std::size_t>(std::max(0.0, place));
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    const double share = place - static_cast<double>(below);
    quantiles.push_back(
        static_cast<float>(sorted[below] + share * (sorted[above] - sorted[below])));
  }
  if (quantiles.front() == quantiles.back()) {
    throw InvalidArgument(
        fmt::format("{}: nearly every clean image scores {}", what, quantiles.front()));
  }
  return NormalScore(std::move(quantiles));
}

NormalScore NormalScore::load(const TensorMap& tensors, const std::string& prefix) {
  const Tensor& tensor = tensor_of_shape(tensors, prefix + "quantiles", {-1}, "detector");
  const std::vector<float>& quantiles = tensor.values;
  if (quantiles.size() < 2 || !std::ranges::is_sorted(quantiles) ||
      quantiles.front() == quantiles.back()) {
    throw InvalidArgument(
        fmt::format("detector: tensor \"{}quantiles\" is not a distribution", prefix));
  }
  return NormalScore(quantiles);
}

void NormalScore::store(TensorMap& tensors, const std::string& prefix) const {
  tensors[prefix + "quantiles"] = {{static_cast<std::int64_t>(quantiles_.size())}, quantiles_};
}

NormalScore::NormalScore(std::vector<float> quantiles) : quantiles_(std::move(quantiles)) {
  const std::size_t count = quantiles_.size();
  for (std::size_t i = 0; i < count; ++i) {
    normal_.push_back(normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(count)));
  }
  const std::size_t quarter = std::max<std::size_t>(1, count / 4);
  low_slope_ = slope(quantiles_, normal_, 0, quarter);
  high_slope_ = slope(quantiles_, normal_, count - 1 - quarter, count - 1);
}

double NormalScore::operator()(double score) const {
  if (score <= quantiles_.front()) {
    return normal_.front() + (score - quantiles_.front()) * low_slope_;
  }
  if (score >= quantiles_.back()) {
    return normal_.back() + (score - quantiles_.back()) * high_slope_;
  }
  const auto above = std::ranges::upper_bound(quantiles_, score);
  const auto i = static_cast<std::size_t>(above - quantiles_.begin());
  const double share =
      (score - quantiles_[i - 1]) / (static_cast<double>(quantiles_[i]) - quantiles_[i - 1]);
  return normal_[i - 1] + share * (normal_[i] - normal_[i - 1]);
}

}  // namespace gradspace
