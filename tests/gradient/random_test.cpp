// The engine against straight loops in double precision, on random shapes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradient/golden.h"
#include "gradient/naive.h"
#include "gradient/random_model.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

using testing::draw;
using testing::LossWeights;
using testing::naive_pass;
using testing::NaiveResult;

constexpr double kTolerance = 5e-5;

LossWeights weights_of(Loss loss) {
  return {loss == Loss::kKld ? 0.0 : 1.0, loss == Loss::kBce ? 0.0 : 1.0};
}

/// Norm of the difference over norm of what was wanted, plus what rounding leaves of sums that cancel.
double error(std::span<const float> got, const std::vector<double>& wanted) {
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double off = static_cast<double>(got[i]) - wanted[i];
    difference += off * off;
    norm += wanted[i] * wanted[i];
  }
  return std::sqrt(difference) / (std::sqrt(norm) + 1e-2);
}

// Finite differences of the losses: a check of the straight loops themselves.
TEST(Naive, GradientsAreFiniteDifferences) {
  Random random(11);
  for (int i = 0; i < 6; ++i) {
    AutoencoderSpec spec = testing::draw_spec(random);
    spec.latent = i < 4 ? 3 : 0;
    Model model = initialise(spec, static_cast<std::uint64_t>(i));
    const std::vector<double> image =
        testing::to_planes(testing::draw_images(random, spec.input.size()), spec.input);
    std::vector<float> noise;
    for (int j = 0; j < spec.latent && i % 2 == 0; ++j) {
      noise.push_back(static_cast<float>(random.normal()));
    }
    const LossWeights loss{1, spec.latent > 0 ? 0.7 : 0.0};
    const NaiveResult result = naive_pass(model, image, loss, noise);
    for (const auto& [name, gradient] : result.gradients) {
      const auto at = static_cast<std::size_t>(random.below(gradient.size()));
      float& weight = model.weights.at(name).values[at];
      const float before = weight;
      constexpr float kStep = 1e-5F;
      const auto loss_at = [&](float value) {
        weight = value;
        const NaiveResult moved = naive_pass(model, image, loss, noise);
        return loss.bce * moved.bce + loss.kld * moved.kld;
      };
      const double above = loss_at(before + kStep);
      const double width = static_cast<double>(weight) - static_cast<double>(before - kStep);
      const double below = loss_at(before - kStep);
      weight = before;
      EXPECT_NEAR((above - below) / width, gradient[at], 1e-3 * (std::abs(gradient[at]) + 1))
          << name;
    }
  }
}

/// A few images alone go through narrower groups than those of a larger batch, to the same bits.
void expect_same_in_a_larger_batch(GradientBackend& engine, std::span<const std::uint8_t> images,
                                   std::size_t n, std::span<const float> features) {
  const std::size_t size = images.size() / n;
  const std::size_t width = features.size() / n;
  std::vector<std::uint8_t> more(images.begin(), images.end());
  while (more.size() < 16 * size) {
    more.insert(more.end(), images.begin(), images.begin() + static_cast<std::ptrdiff_t>(size));
  }
  const std::size_t count = more.size() / size;
  std::vector<float> all(count * width);
  GradientOutputs outputs;
  outputs.features = all;
  engine.run(ImageBatch::of_u8(more, count), outputs);
  EXPECT_TRUE(std::ranges::equal(features, std::span(all).first(n * width)));
}

class RandomShapes : public ::testing::TestWithParam<InstructionSet> {};

INSTANTIATE_TEST_SUITE_P(Sets, RandomShapes, ::testing::ValuesIn(available_instruction_sets()),
                         [](const auto& set) { return std::string(name(set.param)); });

TEST_P(RandomShapes, AgreeWithStraightLoops) {
  Random random(1);
  constexpr int kModels = 240;
  int compared = 0;
  for (int i = 0; i < kModels; ++i) {
    const AutoencoderSpec spec = testing::draw_spec(random);
    SCOPED_TRACE(to_json(spec));
    const Model model = initialise(spec, static_cast<std::uint64_t>(i));
    const auto n = static_cast<std::size_t>(spec.input.height > 11 ? 1 : draw(random, 1, 5));
    const std::size_t size = spec.input.size();
    const std::vector<std::uint8_t> images = testing::draw_images(random, n * size);

    const auto engine = make_native_backend(
        model, parse_features(spec.latent > 0 ? "all,all:elbo,mu,logvar" : "all", spec),
        GetParam());
    const std::size_t width = dimension(engine->blocks());
    std::vector<float> features(n * width, -1.0F);
    std::vector<float> reconstruction(n * size);
    std::vector<float> bce(n);
    std::vector<float> kld(n, -1.0F);
    GradientOutputs outputs;
    outputs.features = features;
    outputs.reconstruction = reconstruction;
    outputs.bce = bce;
    outputs.kld = kld;
    engine->run(ImageBatch::of_u8(images, n), outputs);
    expect_same_in_a_larger_batch(*engine, images, n, features);

    for (std::size_t image = 0; image < n; ++image) {
      const std::vector<double> planes =
          testing::to_planes(std::span(images).subspan(image * size, size), spec.input);
      for (const Loss loss : {Loss::kBce, Loss::kKld, Loss::kElbo}) {
        if (loss != Loss::kBce && spec.latent == 0) {
          continue;
        }
        const NaiveResult wanted = naive_pass(model, planes, weights_of(loss));
        EXPECT_LE(
            error(std::span(reconstruction).subspan(image * size, size), wanted.reconstruction),
            kTolerance);
        EXPECT_NEAR(bce[image], wanted.bce, 1e-5 * wanted.bce);
        EXPECT_NEAR(kld[image], wanted.kld, 1e-4 * wanted.kld + 1e-6);
        if (wanted.least_relu_argument < 2e-6) {
          continue;
        }
        ++compared;
        for (const FeatureBlock& block : engine->blocks()) {
          const std::span got(features.data() + image * width + block.begin,
                              block.end - block.begin);
          if (block.loss == loss) {
            EXPECT_LE(error(got, wanted.gradients.at(block.layer + ".weight")), kTolerance)
                << block.layer << " by " << name(loss);
          } else if (!block.loss) {
            EXPECT_LE(error(got, block.layer == "mu" ? wanted.mu : wanted.logvar), kTolerance)
                << block.layer;
          }
        }
      }
    }
  }
  EXPECT_GE(compared, kModels);
}

}  // namespace
}  // namespace gradspace
