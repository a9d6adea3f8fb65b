// The engine against the original research code's numbers, for every instruction set this processor
// has.
#include "gradient/golden.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gradspace/gradient.h"

namespace gradspace {
namespace {

using testing::golden;
using testing::kGoldenImages;
using testing::relative_error;

// The golden numbers were computed in double precision; the README beside them grants this to single
// precision.
constexpr double kGoldenTolerance = 5e-5;

class Golden : public ::testing::TestWithParam<InstructionSet> {
 protected:
  std::unique_ptr<GradientBackend> backend(std::string_view request) const {
    const Model model = testing::golden_model();
    return make_native_backend(model, parse_features(request, model.spec), GetParam());
  }
  ImageBatch batch() const { return ImageBatch::of_u8(images_, kGoldenImages); }

  std::vector<std::uint8_t> images_ = testing::golden_images();
};

std::vector<InstructionSet> sets() {
  std::vector<InstructionSet> sets = available_instruction_sets();
  sets.push_back(InstructionSet::kBest);
  return sets;
}

INSTANTIATE_TEST_SUITE_P(Sets, Golden, ::testing::ValuesIn(sets()),
                         [](const auto& set) { return std::string(name(set.param)); });

TEST_P(Golden, EveryLayerByEveryLoss) {
  const auto engine = backend("all,all:elbo");
  const std::size_t width = dimension(engine->blocks());
  std::vector<float> features(kGoldenImages * width, -1.0F);
  GradientOutputs outputs;
  outputs.features = features;
  engine->run(batch(), outputs);

  ASSERT_EQ(engine->blocks().size(), 33U);
  for (const FeatureBlock& block : engine->blocks()) {
    const std::string file =
        "grad." + std::string(name(*block.loss)) + "." + block.layer + ".weight";
    const Tensor wanted = golden(file);
    const std::size_t size = block.end - block.begin;
    ASSERT_EQ(wanted.values.size(), kGoldenImages * size) << file;
    for (std::size_t i = 0; i < kGoldenImages; ++i) {
      const std::span want(wanted.values.data() + i * size, size);
      const std::span got(features.data() + i * width + block.begin, size);
      if (std::ranges::all_of(want, [](float value) { return value == 0; })) {
        EXPECT_TRUE(std::ranges::all_of(got, [](float value) { return value == 0; })) << file;
      } else {
        EXPECT_LE(relative_error(got, want), kGoldenTolerance) << file << ", image " << i;
      }
    }
  }
}

TEST_P(Golden, ActivationsAndReconstructions) {
  const auto engine = backend("mu,logvar");
  std::vector<float> mu(kGoldenImages * 20);
  std::vector<float> logvar(kGoldenImages * 20);
  std::vector<float> features(kGoldenImages * 40);
  std::vector<float> reconstruction(kGoldenImages * 2352);
  GradientOutputs outputs;
  outputs.mu = mu;
  outputs.logvar = logvar;
  outputs.features = features;
  outputs.reconstruction = reconstruction;
  engine->run(batch(), outputs);
  EXPECT_LE(relative_error(mu, golden("mu").values), kGoldenTolerance);
  EXPECT_LE(relative_error(logvar, golden("logvar").values), kGoldenTolerance);
  EXPECT_LE(relative_error(reconstruction, golden("recon").values), kGoldenTolerance);
  for (std::size_t i = 0; i < kGoldenImages; ++i) {
    EXPECT_TRUE(std::equal(mu.begin() + static_cast<std::ptrdiff_t>(20 * i),
                           mu.begin() + static_cast<std::ptrdiff_t>(20 * i + 20),
                           features.begin() + static_cast<std::ptrdiff_t>(40 * i)));
    EXPECT_TRUE(std::equal(logvar.begin() + static_cast<std::ptrdiff_t>(20 * i),
                           logvar.begin() + static_cast<std::ptrdiff_t>(20 * i + 20),
                           features.begin() + static_cast<std::ptrdiff_t>(40 * i + 20)));
  }
}

TEST_P(Golden, Losses) {
  const auto engine = backend("up.6:bce");
  std::vector<float> bce(kGoldenImages);
  std::vector<float> kld(kGoldenImages);
  GradientOutputs outputs;
  outputs.bce = bce;
  outputs.kld = kld;
  engine->run(batch(), outputs);
  const auto wanted = nlohmann::json::parse(read_text_file(testing::data_file("ood/losses.json")));
  for (std::size_t i = 0; i < kGoldenImages; ++i) {
    const auto want_bce = wanted.at("loss").at("bce").at(i).get<double>();
    const auto want_kld = wanted.at("loss").at("kld").at(i).get<double>();
    EXPECT_NEAR(bce[i], want_bce, 1e-6 * want_bce) << i;
    EXPECT_NEAR(kld[i], want_kld, 5e-5 * want_kld) << i;
  }
}

}  // namespace
}  // namespace gradspace
