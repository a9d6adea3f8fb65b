// The error bounds that src/gradient/math-inl.h states, and PyTorch's clamps at saturation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gradient/kernels.h"
#include "gradient/network.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

using gradient::AlignedFloats;
using gradient::allocate_floats;
using gradient::Kernels;

class Functions : public ::testing::TestWithParam<InstructionSet> {
 protected:
  const Kernels& kernels_ = gradient::kernels(GetParam());

  std::vector<float> exp(const std::vector<float>& x) const {
    const std::size_t vectors = (x.size() + kernels_.lanes - 1) / kernels_.lanes;
    const AlignedFloats in = allocate_floats(vectors * kernels_.lanes);
    const AlignedFloats out = allocate_floats(vectors * kernels_.lanes);
    std::fill_n(in.get(), vectors * kernels_.lanes, 0.0F);
    std::ranges::copy(x, in.get());
    kernels_.exp(in.get(), vectors, out.get());
    return {out.get(), out.get() + x.size()};
  }

  struct Output {
    float value;
    float gradient;
    double bce;
  };

  /// The output layer on `count` times the same logit and pixel: the last one's results. Fours of
  /// vectors and single ones go different ways.
  Output output(float logit, float pixel, std::size_t count) const {
    const std::size_t values = count * kernels_.lanes;
    const AlignedFloats logits = allocate_floats(values);
    const AlignedFloats images = allocate_floats(values);
    const AlignedFloats reconstruction = allocate_floats(values);
    const AlignedFloats gradient = allocate_floats(values);
    alignas(gradient::kAlignment) float weight[gradient::kMaxLanes];
    alignas(gradient::kAlignment) double bce[gradient::kMaxLanes] = {};
    std::fill_n(logits.get(), values, logit);
    std::fill_n(images.get(), values, pixel);
    std::fill_n(weight, gradient::kMaxLanes, 1.0F);
    kernels_.output(
        {count, logits.get(), images.get(), reconstruction.get(), gradient.get(), bce, weight});
    return {reconstruction[values - 1], gradient[values - 1], bce[0] / static_cast<double>(count)};
  }
};

INSTANTIATE_TEST_SUITE_P(Sets, Functions, ::testing::ValuesIn(available_instruction_sets()),
                         [](const auto& set) { return std::string(name(set.param)); });

TEST_P(Functions, ExpIsWithinItsBound) {
  std::vector<float> x;
  for (double at = -87.33; at <= 88.7228; at += 3.1e-5) {
    x.push_back(std::clamp(static_cast<float>(at), -87.33F, 88.7228F));
  }
  const std::vector<float> y = exp(x);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i]));
    worst = std::max(worst, std::abs(static_cast<double>(y[i]) - exact) / exact);
  }
  EXPECT_LE(worst, 2e-7);
}

TEST_P(Functions, ExpBeyondItsRange) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(exp({88.73F, 200.0F, 1e30F, kInfinity}), ::testing::Each(kInfinity));
  EXPECT_THAT(exp({-87.34F, -200.0F, -1e30F, -kInfinity}), ::testing::Each(0.0F));
  EXPECT_THAT(exp({0.0F, -0.0F}), ::testing::Each(1.0F));
}

TEST_P(Functions, LogisticIsWithinItsBound) {
  double worst = 0;
  double worst_beyond = 0;  // -30
  for (double at = -87.3; at <= 100; at += 0.0917) {
    const auto logit = static_cast<float>(at);
    const double exact = 1 / (1 + std::exp(-static_cast<double>(logit)));
    for (const std::size_t count : {4U, 5U}) {
      const double got = static_cast<double>(output(logit, 0.5F, count).value);
      double& worst_here = at < -30 ? worst_beyond : worst;
      worst_here = std::max(worst_here, std::abs(got - exact) / exact);
    }
  }
  EXPECT_LE(worst, 6e-7);
  EXPECT_LE(worst_beyond, 2e-6);
}

TEST_P(Functions, LogisticStaysWithinTheUnitInterval) {
  for (const float logit : {-1e30F, -500.0F, -90.0F, 17.0F, 90.0F, 500.0F, 1e30F}) {
    const float value = output(logit, 0.5F, 4).value;
    EXPECT_GE(value, 0.0F);
    EXPECT_LE(value, 1.0F);
    EXPECT_NEAR(value, logit > 0 ? 1.0F : 0.0F, 1e-7);
  }
}

// PyTorch's formulas in exact arithmetic (its own figures lose 1 - x' in rounding): logarithms not
// below -100; (x' - x) / max(x'(1 - x'), 1e-12) * x'(1 - x').
TEST_P(Functions, SaturationIsPyTorchs) {
  for (const double l : {-1000.0, -200.0, -101.0, -100.0, -99.0, -60.0, -36.0, -30.0, -28.0,
                         -27.0,   -17.0,  -1.0,   0.0,    0.5,   8.0,   17.0,  27.0,  28.0,
                         30.0,    36.0,   60.0,   99.0,   100.0, 101.0, 1000.0}) {
    for (const double pixel : {0.0, 0.25, 1.0}) {
      const double value = 1 / (1 + std::exp(-l));
      const double softplus = std::max(l, 0.0) + std::log1p(std::exp(-std::abs(l)));
      const double bce =
          pixel * std::min(softplus - l, 100.0) + (1 - pixel) * std::min(softplus, 100.0);
      const double exponential = std::exp(-std::abs(l));
      const double variance = exponential / std::pow(1 + exponential, 2);
      const double gradient = (value - pixel) * variance / std::max(variance, 1e-12);
      for (const std::size_t count : {4U, 5U}) {
        const Output got = output(static_cast<float>(l), static_cast<float>(pixel), count);
        EXPECT_NEAR(got.bce, bce, 1e-6 * bce + 6e-8) << l << " " << pixel;
        // Single precision holds no x' nearer to 1 than 6e-8.
        EXPECT_NEAR(got.gradient, gradient, 1e-6 * std::abs(gradient) + 6e-8) << l << " " << pixel;
      }
    }
  }
}

}  // namespace
}  // namespace gradspace
