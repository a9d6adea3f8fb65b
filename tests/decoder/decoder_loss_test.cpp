#include "decoder/decoder_loss.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace::quality {
namespace {

constexpr std::size_t kVisible = LinearDecoder::kVisible;
constexpr std::size_t kHidden = LinearDecoder::kHidden;

Patches random_patches(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Patches patches;
  patches.count = count;
  patches.values.resize(count * kVisible);
  std::generate(patches.values.begin(), patches.values.end(),
                [&] { return static_cast<float>(0.5 * random.normal()); });
  return patches;
}

std::vector<float> random_parameters(std::uint64_t seed) {
  Random random(seed);
  std::vector<float> parameters(kDecoderParameters);
  std::generate(parameters.begin(), parameters.end(),
                [&] { return static_cast<float>(0.1 * random.normal()); });
  return parameters;
}

/// The loss as its formula stands, in double, one patch at a time.
double plain_loss(const Patches& patches, const std::vector<double>& p,
                  const DecoderTrainingOptions& options) {
  const double* w1 = p.data();
  const double* w2 = w1 + kDecoderWeights;
  const double* b1 = w2 + kDecoderWeights;
  const double* b2 = b1 + kHidden;
  const auto count = static_cast<double>(patches.count);
  std::vector<double> mean(kHidden, 0.0);
  double squares = 0;
  for (std::size_t n = 0; n < patches.count; ++n) {
    const auto x = patches.patch(n);
    std::vector<double> h(kHidden);
    for (std::size_t j = 0; j < kHidden; ++j) {
      double sum = b1[j];
      for (std::size_t i = 0; i < kVisible; ++i) {
        sum += w1[j * kVisible + i] * static_cast<double>(x[i]);
      }
      h[j] = 1 / (1 + std::exp(-sum));
      mean[j] += h[j] / count;
    }
    for (std::size_t i = 0; i < kVisible; ++i) {
      double sum = b2[i];
      for (std::size_t j = 0; j < kHidden; ++j) {
        sum += w2[i * kHidden + j] * h[j];
      }
      squares += (sum - static_cast<double>(x[i])) * (sum - static_cast<double>(x[i]));
    }
  }
  double loss = squares / 2 / count;
  for (std::size_t i = 0; i < 2 * kDecoderWeights; ++i) {
    loss += options.decay / 2 * p[i] * p[i];
  }
  for (const double m : mean) {
    loss += options.beta * (options.rho * std::log(options.rho / m) +
                            (1 - options.rho) * std::log((1 - options.rho) / (1 - m)));
  }
  return loss;
}

double central_difference(const Patches& patches, const std::vector<float>& at, std::size_t i,
                          const DecoderTrainingOptions& options) {
  constexpr double kStep = 1e-4;
  std::vector<double> p(at.begin(), at.end());
  p[i] += kStep;
  const double above = plain_loss(patches, p, options);
  p[i] -= 2 * kStep;
  return (above - plain_loss(patches, p, options)) / (2 * kStep);
}

TEST(DecoderLoss, IsTheFormulaAndItsDerivative) {
  const DecoderTrainingOptions options;
  const Patches patches = random_patches(19, 1);
  const std::vector<float> parameters = random_parameters(2);
  DecoderLoss loss(patches, options);
  std::vector<float> gradient(kDecoderParameters);
  const double value = loss.evaluate(parameters, gradient).total();
  const std::vector<double> exact(parameters.begin(), parameters.end());
  EXPECT_NEAR(value, plain_loss(patches, exact, options), 1e-6 * value);

  // Some of each part: W1, W2, b1, b2. Differences of a loss of about 500 in double are good to
  // 1e-9, float32 sums of 400 terms to some 1e-6 of the gradients, which reach 10.
  Random random(3);
  const std::size_t begins[] = {0, kDecoderWeights, 2 * kDecoderWeights,
                                2 * kDecoderWeights + kHidden, kDecoderParameters};
  for (std::size_t part = 0; part < 4; ++part) {
    for (int draw = 0; draw < 12; ++draw) {
      const std::size_t i = begins[part] + random.below(begins[part + 1] - begins[part]);
      const double expected = central_difference(patches, parameters, i, options);
      EXPECT_NEAR(static_cast<double>(gradient[i]), expected,
                  1e-5 * std::max(1.0, std::abs(expected)))
          << i;
    }
  }
}

TEST(DecoderLoss, PartsAnswerToTheirWeights) {
  const Patches patches = random_patches(40, 4);
  const std::vector<float> parameters = random_parameters(5);
  std::vector<float> gradient(kDecoderParameters);
  DecoderTrainingOptions options;
  const DecoderLossValue value = DecoderLoss(patches, options).evaluate(parameters, gradient);
  options.decay *= 2;
  options.beta *= 3;
  const DecoderLossValue other = DecoderLoss(patches, options).evaluate(parameters, gradient);
  EXPECT_EQ(other.reconstruction, value.reconstruction);
  EXPECT_NEAR(other.decay, 2 * value.decay, 1e-9 * value.decay);
  EXPECT_NEAR(other.sparsity, 3 * value.sparsity, 1e-9 * value.sparsity);
}

TEST(DecoderLoss, DoesNotDependOnTheNumberOfThreads) {
  // More patches than blocks times slices, and a number that fills neither.
  const Patches patches = random_patches(1701, 6);
  const std::vector<float> parameters = random_parameters(7);
  DecoderLoss loss(patches, {});
  std::vector<float> many(kDecoderParameters);
  const double value = loss.evaluate(parameters, many).total();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
  std::vector<float> single(kDecoderParameters);
  EXPECT_EQ(loss.evaluate(parameters, single).total(), value);
  EXPECT_EQ(many, single);
}

TEST(DecoderLoss, RefusesNoPatches) {
  EXPECT_THROW(DecoderLoss(Patches{}, {}), InvalidArgument);
}

}  // namespace
}  // namespace gradspace::quality
