// Methods whose scores are closed forms of what a model gives: dose and input-complexity.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "core/random.h"
#include "detect/one_class/kernel_density.h"
#include "detect/one_class/method.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"

namespace gradspace {
namespace {

class ModelStates : public ::testing::Test {
 protected:
  ModelStates() {
    spec_.input = {3, 8, 8};
    spec_.down = {{3}};
    spec_.latent = 4;
    spec_.up = {{3, 4, 2, 1}};
  }

  /// Random states: no model has to have given them.
  Observations observations(std::size_t count) {
    Observations result;
    result.input = spec_.input;
    result.count = count;
    result.latent = 4;
    Random random(3);
    const auto normals = [&](std::size_t n, double middle, double deviation) {
      std::vector<float> values(n);
      for (float& value : values) {
        value = static_cast<float>(middle + deviation * random.normal());
      }
      return values;
    };
    pixels_.resize(count * spec_.input.size());
    for (std::uint8_t& pixel : pixels_) {
      pixel = static_cast<std::uint8_t>(random.below(256));
    }
    result.pixels = pixels_;
    result.reconstruction = normals(pixels_.size(), 0.5, 0.1);
    result.mu = normals(4 * count, 0, 1);
    result.logvar = normals(4 * count, -2, 0.5);
    result.bce = normals(count, 1000, 50);
    for (std::size_t i = 0; i < count; ++i) {
      double kld = 0;
      for (std::size_t k = 4 * i; k < 4 * i + 4; ++k) {
        const double mu = result.mu[k];
        const double logvar = result.logvar[k];
        kld -= (1 + logvar - mu * mu - std::exp(logvar)) / 2;
      }
      result.kld.push_back(static_cast<float>(kld));
    }
    return result;
  }

  std::vector<double> scores(const std::string& name, const Observations& observed) const {
    const OneClassMethod& method = one_class_method(name);
    return method.load(method.fit({spec_, observed, {}}), spec_)->score(observed);
  }

  AutoencoderSpec spec_;
  std::vector<std::uint8_t> pixels_;
};

TEST_F(ModelStates, DoseIsTheDensityOfThePapersFiveNumbers) {
  const Observations observed = observations(40);
  Matrix states(40, 5);
  for (std::size_t i = 0; i < 40; ++i) {
    // E over q of -log p(z) and of -log q(z), and -log (p(x | mu) p(mu) / q(mu | x)), dimension by dimension.
    double cross_entropy = 0;
    double entropy = 0;
    double importance = observed.bce[i];
    for (std::size_t k = 4 * i; k < 4 * i + 4; ++k) {
      const double mu = observed.mu[k];
      const double variance = std::exp(static_cast<double>(observed.logvar[k]));
      cross_entropy += std::log(2 * std::numbers::pi) / 2 + (mu * mu + variance) / 2;
      entropy += std::log(2 * std::numbers::pi * std::numbers::e * variance) / 2;
      importance += mu * mu / 2 - std::log(variance) / 2;
    }
    EXPECT_NEAR(cross_entropy - entropy, observed.kld[i], 1e-4) << i;
    const std::vector<double> row{cross_entropy, entropy, cross_entropy - entropy, observed.bce[i],
                                  importance};
    std::ranges::copy(row, states.row(i).begin());
  }
  const auto expected = KernelDensity(KernelDensity::fit(states, "test")).score(states);
  const auto found = scores("dose", observed);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_NEAR(found[i], expected[i], 1e-3) << i;
  }
  spec_.latent = 0;
  EXPECT_THROW(one_class_method("dose").needs(spec_), InvalidArgument);
}

TEST_F(ModelStates, InputComplexityIsBitsOfAModelLessBitsOfAFile) {
  const Observations observed = observations(30);
  const auto found = scores("input-complexity", observed);
  const std::size_t size = spec_.input.size();
  double squares = 0;
  double bits = 0;
  for (std::size_t i = 0; i < 30; ++i) {
    for (std::size_t k = 0; k < size; ++k) {
      const double pixel = pixels_[i * size + k] / 255.0;
      squares += std::pow(pixel - observed.reconstruction[i * size + k % 3 * 64 + k / 3], 2);
    }
    const auto bytes = observed.pixels.subspan(i * size, size);
    const ImageView image(bytes, 8, 8, 3, 24);
    bits += found[i] + 8.0 * static_cast<double>(codec::encode_png(image).size()) -
            observed.kld[i] / std::numbers::ln2;
  }
  // At the maximum of the likelihood a Gaussian needs log2(2 pi e v) / 2 bits a sample on average, and as
  // many more as there are halvings down to a byte's width.
  const double variance = squares / static_cast<double>(30 * size);
  const double each =
      std::log2(2 * std::numbers::pi * std::numbers::e * variance) / 2 + std::log2(255.0);
  EXPECT_NEAR(bits / static_cast<double>(30 * size), each, 1e-5);
}

TEST_F(ModelStates, InputComplexityRefusesAVarianceOfNothing) {
  const OneClassMethod& method = one_class_method("input-complexity");
  EXPECT_THROW(method.load({{"variance", {{1}, {0}}}}, spec_), InvalidArgument);
  EXPECT_THROW(method.load({}, spec_), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
