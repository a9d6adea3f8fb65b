#include "decoder/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gradspace {
namespace {

constexpr double kSufficientDecrease = 1e-4;
constexpr double kCurvature = 0.9;
constexpr int kMaxTrials = 30;

template <typename A, typename B>
double dot(const std::vector<A>& a, const std::vector<B>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

void add_scaled(std::vector<double>& to, double scale, const std::vector<float>& values) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] += scale * static_cast<double>(values[i]);
  }
}

std::vector<float> difference(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>());
  return result;
}

}  // namespace

Lbfgs::Lbfgs(Function function, std::vector<float> start, Memory memory)
    : function_(std::move(function)), here_(at(std::move(start))), memory_(std::move(memory)) {}

bool Lbfgs::iterate() {
  std::vector<double> along = direction();
  if (!memory_.empty() && !(dot(here_.gradient, along) < 0)) {
    memory_.clear();
    along = direction();
  }
  // The first time nothing is known of the length.
  const double first_length = memory_.empty() ? 1 / (1 + std::sqrt(dot(along, along))) : 1;
  std::optional<Point> next = search(along, first_length);
  if (!next && !memory_.empty()) {
    memory_.clear();
    return iterate();
  }
  if (!next) {
    return false;
  }
  remember(*next);
  here_ = std::move(*next);
  return true;
}

Lbfgs::Point Lbfgs::at(std::vector<float> x) {
  Point point;
  point.gradient.resize(x.size());
  point.value = function_(x, point.gradient);
  point.x = std::move(x);
  ++evaluations_;
  return point;
}

/// The two loops: minus the gradient, multiplied by the estimated inverse of the Hessian.
std::vector<double> Lbfgs::direction() const {
  std::vector<double> result(here_.gradient.size());
  add_scaled(result, -1, here_.gradient);
  if (memory_.empty()) {
    return result;
  }
  std::vector<double> alphas;
  for (auto pair = memory_.rbegin(); pair != memory_.rend(); ++pair) {
    alphas.push_back(dot(pair->step, result) / dot(pair->step, pair->change));
    add_scaled(result, -alphas.back(), pair->change);
  }
  const Pair& latest = memory_.back();
  const double scale = dot(latest.step, latest.change) / dot(latest.change, latest.change);
  std::transform(result.begin(), result.end(), result.begin(),
                 [scale](double value) { return scale * value; });
  for (const Pair& pair : memory_) {
    const double beta = dot(pair.change, result) / dot(pair.step, pair.change);
    add_scaled(result, alphas.back() - beta, pair.step);
    alphas.pop_back();
  }
  return result;
}

/// Bisection for the weak Wolfe conditions (Lewis and Overton, Mathematical Programming 141, 2013):
/// the least that keeps the estimate of the Hessian positive. A length of 1 nearly always does.
std::optional<Lbfgs::Point> Lbfgs::search(const std::vector<double>& direction,
                                          double first_length) {
  const double slope = dot(here_.gradient, direction);
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  double length = first_length;
  for (int trial = 0; trial < kMaxTrials; ++trial) {
    std::vector<float> x(direction.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>(static_cast<double>(here_.x[i]) + length * direction[i]);
    }
    Point point = at(std::move(x));
    if (!(point.value <= here_.value + kSufficientDecrease * length * slope)) {
      high = length;
    } else if (dot(point.gradient, direction) < kCurvature * slope) {
      low = length;
    } else {
      return point.x == here_.x ? std::nullopt : std::optional(std::move(point));
    }
    length = std::isfinite(high) ? (low + high) / 2 : 2 * low;
  }
  return std::nullopt;
}

void Lbfgs::remember(const Point& next) {
  Pair pair{difference(next.x, here_.x), difference(next.gradient, here_.gradient)};
  // Rounding may spoil what the line search promises.
  if (dot(pair.step, pair.change) > 0) {
    memory_.push_back(std::move(pair));
    if (memory_.size() > kMemory) {
      memory_.pop_front();
    }
  }
}

}  // namespace gradspace
