// What must hold of the engine whatever the numbers are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/random.h"
#include "gradient/golden.h"
#include "gradient/random_model.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

using testing::relative_error;

AutoencoderSpec small_spec() {
  AutoencoderSpec spec;
  spec.input = {3, 9, 5};
  spec.down = {{5, 3, 2, 1}, {13, 3, 2, 1}};
  spec.latent = 6;
  spec.up = {{4, 3, 2, 1, 0}, {3, 3, 2, 1, 0}};
  return spec;
}

/// Everything there is, of one run.
struct Results {
  Results(const AutoencoderSpec& spec, std::span<const FeatureBlock> blocks, std::size_t n)
      : features(n * dimension(blocks), -1.0F),
        norms(n * blocks.size(), -1.0F),
        bce(n, -1.0F),
        kld(n, -1.0F),
        mu(n * static_cast<std::size_t>(spec.latent), -1.0F),
        logvar(n * static_cast<std::size_t>(spec.latent), -1.0F),
        reconstruction(n * spec.input.size(), -1.0F) {}

  GradientOutputs outputs() {
    GradientOutputs outputs;
    outputs.features = features;
    outputs.block_norms = norms;
    outputs.bce = bce;
    outputs.kld = kld;
    outputs.mu = mu;
    outputs.logvar = logvar;
    outputs.reconstruction = reconstruction;
    return outputs;
  }

  friend bool operator==(const Results&, const Results&) = default;

  std::vector<float> features;
  std::vector<float> norms;
  std::vector<float> bce;
  std::vector<float> kld;
  std::vector<float> mu;
  std::vector<float> logvar;
  std::vector<float> reconstruction;
};

void append(std::vector<float>& to, const std::vector<float>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

class Engine : public ::testing::TestWithParam<InstructionSet> {
 protected:
  std::unique_ptr<GradientBackend> backend(std::string_view request) const {
    return make_native_backend(model_, parse_features(request, spec_), GetParam());
  }
  Results run(GradientBackend& engine, std::span<const std::uint8_t> images) const {
    const std::size_t n = images.size() / spec_.input.size();
    Results results(spec_, engine.blocks(), n);
    engine.run(ImageBatch::of_u8(images, n), results.outputs());
    return results;
  }
  std::vector<std::uint8_t> images(std::size_t n) const {
    Random random(n);
    return testing::draw_images(random, n * spec_.input.size());
  }

  AutoencoderSpec spec_ = small_spec();
  Model model_ = initialise(spec_, 4);
};

INSTANTIATE_TEST_SUITE_P(Sets, Engine, ::testing::ValuesIn(available_instruction_sets()),
                         [](const auto& set) { return std::string(name(set.param)); });

TEST_P(Engine, BatchIsTheLoopOverItsImages) {
  const auto engine = backend("all,all:elbo,mu,logvar");
  const std::size_t size = spec_.input.size();
  for (std::size_t n = 1; n <= 40; ++n) {
    const std::vector<std::uint8_t> batch = images(n);
    const Results together = run(*engine, batch);
    Results one_by_one(spec_, engine->blocks(), 0);
    for (std::size_t i = 0; i < n; ++i) {
      const Results one = run(*engine, std::span(batch).subspan(i * size, size));
      append(one_by_one.features, one.features);
      append(one_by_one.norms, one.norms);
      append(one_by_one.bce, one.bce);
      append(one_by_one.kld, one.kld);
      append(one_by_one.mu, one.mu);
      append(one_by_one.logvar, one.logvar);
      append(one_by_one.reconstruction, one.reconstruction);
    }
    EXPECT_EQ(together, one_by_one) << n;
  }
}

TEST_P(Engine, NoImagesGiveNothing) {
  const auto engine = backend("all");
  EXPECT_NO_THROW(engine->run({}, {}));
}

// Whatever else is asked or left out, a block's values are the same.
TEST_P(Engine, PartOfARequestIsThatPartOfTheWhole) {
  const auto everything = parse_features("all,all:elbo,mu,logvar", spec_);
  const auto whole_engine = make_native_backend(model_, everything, GetParam());
  const std::vector<std::uint8_t> batch = images(11);
  const Results whole = run(*whole_engine, batch);
  const std::size_t whole_width = dimension(everything);
  Random random(9);
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<FeatureBlock> blocks;
    std::vector<std::size_t> taken;
    for (std::size_t i = 0; i < everything.size(); ++i) {
      if (trial < static_cast<int>(everything.size()) ? trial == static_cast<int>(i)
                                                      : random.chance(0.2)) {
        FeatureBlock block = everything[i];
        block.begin = dimension(blocks);
        block.end = block.begin + everything[i].end - everything[i].begin;
        blocks.push_back(block);
        taken.push_back(i);
      }
    }
    const auto engine = make_native_backend(model_, blocks, GetParam());
    std::vector<float> features(11 * dimension(blocks), -1.0F);
    GradientOutputs outputs;
    outputs.features = features;
    engine->run(ImageBatch::of_u8(batch, 11), outputs);
    for (std::size_t i = 0; i < 11; ++i) {
      for (std::size_t k = 0; k < blocks.size(); ++k) {
        const FeatureBlock& from = everything[taken[k]];
        EXPECT_TRUE(std::ranges::equal(
            std::span(features).subspan(i * dimension(blocks) + blocks[k].begin,
                                        blocks[k].end - blocks[k].begin),
            std::span(whole.features).subspan(i * whole_width + from.begin, from.end - from.begin)))
            << from.layer;
      }
    }
  }
}

TEST_P(Engine, EachOutputAloneIsTheSame) {
  const auto engine = backend("all,mu");
  const std::vector<std::uint8_t> batch = images(5);
  const Results whole = run(*engine, batch);
  const auto same = [&](std::span<float> GradientOutputs::*field,
                        std::vector<float> Results::*kept) {
    Results alone(spec_, engine->blocks(), 5);
    GradientOutputs outputs;
    outputs.*field = alone.*kept;
    engine->run(ImageBatch::of_u8(batch, 5), outputs);
    EXPECT_EQ(alone.*kept, whole.*kept);
  };
  same(&GradientOutputs::features, &Results::features);
  same(&GradientOutputs::block_norms, &Results::norms);
  same(&GradientOutputs::bce, &Results::bce);
  same(&GradientOutputs::kld, &Results::kld);
  same(&GradientOutputs::mu, &Results::mu);
  same(&GradientOutputs::logvar, &Results::logvar);
  same(&GradientOutputs::reconstruction, &Results::reconstruction);
}

TEST_P(Engine, NormsAreThoseOfTheFeatures) {
  const auto engine = backend("all,all:elbo,mu,logvar");
  const Results results = run(*engine, images(10));
  const std::span<const FeatureBlock> blocks = engine->blocks();
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      double sum = 0;
      for (std::size_t j = blocks[k].begin; j < blocks[k].end; ++j) {
        const auto value = static_cast<double>(results.features[i * dimension(blocks) + j]);
        sum += value * value;
      }
      EXPECT_NEAR(results.norms[i * blocks.size() + k], std::sqrt(sum), 1e-6 * std::sqrt(sum))
          << blocks[k].layer;
    }
  }
}

TEST_P(Engine, StructuralZerosAreExact) {
  const auto engine = backend("fc12:bce,fc2:kld,up.0:kld,up.2:kld");
  const Results results = run(*engine, images(9));
  EXPECT_THAT(results.features, ::testing::Each(0.0F));
  EXPECT_THAT(results.norms, ::testing::Each(0.0F));
}

TEST_P(Engine, BytesAndFloatsAreTheSameImages) {
  const auto engine = backend("all");
  const std::vector<std::uint8_t> bytes = images(6);
  const std::size_t size = spec_.input.size();
  std::vector<float> planes(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t within = i % size;
    planes[i - within + within % 3 * (size / 3) + within / 3] =
        static_cast<float>(bytes[i]) / 255.0F;
  }
  const Results by_bytes = run(*engine, bytes);
  Results by_floats(spec_, engine->blocks(), 6);
  engine->run(ImageBatch::of_float(planes, 6), by_floats.outputs());
  // A byte is multiplied by 1/255, not divided: the last bit may differ.
  EXPECT_LE(relative_error(by_bytes.features, by_floats.features), 1e-5);
  EXPECT_LE(relative_error(by_bytes.bce, by_floats.bce), 1e-6);
}

TEST_P(Engine, InstructionSetsAgree) {
  const std::vector<std::uint8_t> batch = images(20);
  const Results mine = run(*backend("all,all:elbo"), batch);
  const auto best = make_native_backend(model_, parse_features("all,all:elbo", spec_));
  const Results other = run(*best, batch);
  EXPECT_LE(relative_error(mine.features, other.features), 5e-5);
  EXPECT_LE(relative_error(mine.reconstruction, other.reconstruction), 5e-5);
}

TEST_P(Engine, WithoutBottleneckHasNoDivergence) {
  spec_.latent = 0;
  model_ = initialise(spec_, 5);
  const Results results = run(*backend("all"), images(9));
  EXPECT_THAT(results.kld, ::testing::Each(0.0F));
  EXPECT_THAT(results.features, ::testing::Not(::testing::Contains(-1.0F)));
}

}  // namespace
}  // namespace gradspace
