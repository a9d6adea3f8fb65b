#include "decoder/lbfgs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace gradspace {
namespace {

/// Extended to n dimensions; the least value is 0 at (1, ..., 1).
double rosenbrock(std::span<const float> x, std::span<float> gradient) {
  double sum = 0;
  std::vector<double> slope(x.size(), 0.0);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = static_cast<double>(x[i]);
    const double curve = static_cast<double>(x[i + 1]) - a * a;
    sum += 100 * curve * curve + (1 - a) * (1 - a);
    slope[i] += -400 * curve * a - 2 * (1 - a);
    slope[i + 1] += 200 * curve;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    gradient[i] = static_cast<float>(slope[i]);
  }
  return sum;
}

TEST(Lbfgs, FindsTheBottomOfACurvedValley) {
  Lbfgs descent(rosenbrock, std::vector<float>(8, -1.2F));
  double before = descent.value();
  int iterations = 0;
  while (iterations < 300 && descent.iterate()) {
    EXPECT_LT(descent.value(), before);
    before = descent.value();
    ++iterations;
  }
  // Float32 around 1 has steps of 6e-8, along which the valley rises by 100 (6e-8)^2 or so.
  EXPECT_LT(descent.value(), 1e-9);
  for (const float x : descent.x()) {
    EXPECT_NEAR(x, 1, 1e-4);
  }
  EXPECT_LE(descent.memory().size(), Lbfgs::kMemory);
  EXPECT_LT(descent.evaluations(), 2 * iterations);
}

TEST(Lbfgs, ContinuesAsIfNeverStopped) {
  const std::vector<float> start(6, -0.7F);
  Lbfgs whole(rosenbrock, start);
  Lbfgs first(rosenbrock, start);
  for (int i = 0; i < 12; ++i) {
    whole.iterate();
    first.iterate();
  }
  Lbfgs second(rosenbrock, first.x(), first.memory());
  for (int i = 0; i < 9; ++i) {
    whole.iterate();
    second.iterate();
  }
  EXPECT_EQ(second.x(), whole.x());
}

TEST(Lbfgs, StepsBackFromWhereThereIsNoValue) {
  // -log x + x: least at 1, none at or below 0. From 20 a first step of any length up to infinity
  // may be tried.
  const auto function = [](std::span<const float> x, std::span<float> gradient) {
    gradient[0] = 1 - 1 / x[0];
    return x[0] > 0 ? static_cast<double>(x[0] - std::log(x[0]))
                    : std::numeric_limits<double>::quiet_NaN();
  };
  Lbfgs descent(function, {20.0F});
  while (descent.iterate()) {
  }
  EXPECT_NEAR(descent.x()[0], 1, 1e-2);
}

TEST(Lbfgs, EndsAtAMinimum) {
  Lbfgs descent(rosenbrock, std::vector<float>(5, 1.0F));
  EXPECT_FALSE(descent.iterate());
  EXPECT_EQ(descent.value(), 0);
}

}  // namespace
}  // namespace gradspace
