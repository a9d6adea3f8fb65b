#include "statistics/keys.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <numbers>
#include <vector>

#include "core/random.h"

namespace gradspace::quality {
namespace {

/// A feature's key, as keys.h describes it.
std::uint32_t expected_key(float feature) {
  if (feature < kFeatureThreshold) {
    return 0;
  }
  std::uint32_t bits = 0;
  std::uint32_t first = 0;
  std::memcpy(&bits, &feature, sizeof bits);
  std::memcpy(&first, &kFeatureThreshold, sizeof first);
  return bits - first + 1;
}

/// l = log(y / (1 - y)) as Octave has it, the imaginary part of a negative number's logarithm being pi.
std::complex<double> exact_logit(double y) {
  const double quotient = y / (1 - y);
  return {std::log(std::abs(quotient)), quotient < 0 ? std::numbers::pi : 0};
}

/// Values of all sizes and both signs, close to 0, 1/2 and 1 too; a multiple of 64 of them.
std::vector<float> many_values() {
  std::vector<float> values;
  for (int exponent = -126; exponent <= 40; ++exponent) {
    for (const float mantissa : {1.0F, 1.2F, 1.4142F, 1.5F, 1.9F, 1.9999999F}) {
      const float size = std::ldexp(mantissa, exponent);
      values.insert(values.end(), {size, -size, 1 - size, 1 + size, 0.5F + size, 0.5F - size});
    }
  }
  Random random(3);
  for (int i = 0; i < 200'000; ++i) {
    values.push_back(static_cast<float>(random.normal() * std::exp(4 * random.normal())));
  }
  std::erase_if(values, [](float y) { return y == 0 || y == 1; });
  while (values.size() % 64 != 0) {
    values.push_back(0.25F);
  }
  return values;
}

TEST(Keys, LogitIsWithinItsErrorBound) {
  const std::vector<float> y = many_values();
  std::vector<float> modulus(y.size());
  std::vector<float> argument(y.size());
  complex_logit(y.size(), y.data(), modulus.data(), argument.data());
  constexpr double kBound = 4e-7;
  double worst_modulus = 0;
  double worst_argument = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    // 1 - y is rounded to float32 before the logarithm; the bound is for what follows.
    const double rest = static_cast<double>(1.0F - y[i]);
    if (rest == 0) {
      continue;
    }
    const double quotient = static_cast<double>(y[i]) / rest;
    const std::complex<double> l(std::log(std::abs(quotient)), quotient < 0 ? std::numbers::pi : 0);
    const double modulus_error = std::abs(modulus[i] - std::abs(l)) / (1 + std::abs(l));
    worst_modulus = std::max(worst_modulus, modulus_error);
    if (std::abs(l.real()) > 1e-5 || quotient < 0) {
      const double argument_error = std::abs(argument[i] - std::arg(l)) / (1 + std::arg(l));
      worst_argument = std::max(worst_argument, argument_error);
    }
  }
  EXPECT_LE(worst_modulus, kBound);
  EXPECT_LE(worst_argument, kBound);
}

TEST(Keys, LogitHasTheRightBranches) {
  const std::vector<float> y{0.1F, 0.9F, -0.1F, 1.1F};
  std::vector<float> padded(64, 0.3F);
  std::copy(y.begin(), y.end(), padded.begin());
  std::vector<float> modulus(padded.size());
  std::vector<float> argument(padded.size());
  complex_logit(padded.size(), padded.data(), modulus.data(), argument.data());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::complex<double> l = exact_logit(static_cast<double>(y[i]));
    EXPECT_NEAR(modulus[i], std::abs(l), 1e-5) << y[i];
    EXPECT_NEAR(argument[i], std::arg(l), 1e-6) << y[i];
  }
}

TEST(Keys, ArgumentsOfRealLogitsAreTies) {
  const std::vector<float> y = many_values();
  std::vector<float> modulus(y.size());
  std::vector<float> argument(y.size());
  complex_logit(y.size(), y.data(), modulus.data(), argument.data());
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i] > 0 && y[i] < 0.5F) {
      EXPECT_EQ(argument[i], static_cast<float>(std::numbers::pi));
    } else if (y[i] > 0.5F && y[i] < 1) {
      EXPECT_EQ(argument[i], 0);
    }
  }
}

TEST(Keys, GradientKeysOrderWeighedFeatures) {
  constexpr std::size_t kColumns = 64;
  constexpr std::size_t kRows = 3;
  Random random(4);
  std::vector<float> y(kRows * kColumns);
  for (float& value : y) {
    value = static_cast<float>(random.normal());
  }
  std::vector<float> weights(kColumns, 1);
  for (std::size_t i = 0; i < kColumns; i += 3) {
    weights[i] = 2;
  }
  std::vector<float> modulus(y.size());
  std::vector<float> argument(y.size());
  complex_logit(y.size(), y.data(), modulus.data(), argument.data());
  std::vector<std::uint32_t> keys(2 * y.size());
  gradient_keys(kRows, kColumns, y.data(), weights.data(), keys.data());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t row = i / kColumns;
    const std::size_t column = i % kColumns;
    EXPECT_EQ(keys[row * 2 * kColumns + column], expected_key(weights[column] * modulus[i]));
    EXPECT_EQ(keys[row * 2 * kColumns + kColumns + column],
              expected_key(weights[column] * argument[i]));
  }
}

TEST(Keys, ExtremesStayWithinTheirBits) {
  std::vector<float> y(64, 0.5F);
  const float tiny = std::numeric_limits<float>::min();
  const std::vector<float> extremes{0,     -0.0F, 1, tiny, -tiny, std::nextafter(1.0F, 2.0F),
                                    1e30F, -1e30F};
  std::copy(extremes.begin(), extremes.end(), y.begin());
  const std::vector<float> weights(64, 2);
  std::vector<std::uint32_t> keys(128);
  gradient_keys(1, 64, y.data(), weights.data(), keys.data());
  for (const std::uint32_t key : keys) {
    EXPECT_LT(key, kKeyLimit);
  }
  // The smaller y, the larger |log y|: 0 is beyond every other.
  EXPECT_GT(keys[0], keys[3]);
  EXPECT_EQ(keys[0], keys[1]);
}

TEST(Keys, ActivationsAreThresholdedSigmoids) {
  constexpr std::size_t kColumns = 64;
  Random random(5);
  std::vector<float> sums(2 * kColumns);
  std::vector<float> bias(kColumns);
  for (float& value : sums) {
    value = static_cast<float>(4 * random.normal());
  }
  for (float& value : bias) {
    value = static_cast<float>(random.normal());
  }
  std::vector<std::uint32_t> keys(sums.size());
  activation_keys(2, kColumns, sums.data(), bias.data(), keys.data());
  std::vector<float> h = sums;
  activate(2, kColumns, bias.data(), h.data());
  int zeros = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const float x = sums[i] + bias[i % kColumns];
    const double exact = 1 / (1 + std::exp(-static_cast<double>(x)));
    EXPECT_NEAR(h[i], exact, 6e-7 * exact);
    EXPECT_EQ(keys[i], expected_key(h[i]));
    zeros += keys[i] == 0 ? 1 : 0;
  }
  EXPECT_GT(zeros, 0);
  EXPECT_LT(zeros, static_cast<int>(keys.size()) / 2);
}

}  // namespace
}  // namespace gradspace::quality
