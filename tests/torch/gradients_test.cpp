#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "devices.h"
#include "golden_model.h"
#include "gradspace/error.h"
#include "gradspace/torch_module.h"
#include "relative_error.h"

namespace gradspace {
namespace {

using ::testing::Each;
using testing::golden;
using testing::golden_images;
using testing::golden_model;
using ::testing::HasSubstr;
using testing::kGoldenImages;
using testing::relative_error;
using ::testing::ThrowsMessage;

constexpr const char* kEverything = "all,all:elbo,mu,logvar";

std::unique_ptr<GradientBackend> make(const Model& model, const std::string& features) {
  return torch_module().make_gradients(model, parse_features(features, model.spec), "cpu",
                                       Precision::kFloat32);
}

GradientOutputs to(std::span<float> features, std::span<float> block_norms = {}) {
  GradientOutputs outputs;
  outputs.features = features;
  outputs.block_norms = block_norms;
  return outputs;
}

/// All features of the images, [n, dimension].
std::vector<float> features_of(GradientBackend& backend, const ImageBatch& batch) {
  std::vector<float> features(batch.count() * dimension(backend.blocks()));
  backend.run(batch, to(features));
  return features;
}

struct Arithmetic {
  const char* device;
  Precision precision;
};

std::string name_of(const Arithmetic& arithmetic) {
  return std::string(arithmetic.device) +
         (arithmetic.precision == Precision::kFloat64 ? "_float64" : "_float32");
}

void PrintTo(const Arithmetic& arithmetic, std::ostream* out) {
  *out << name_of(arithmetic);
}

class GoldenModel : public ::testing::TestWithParam<Arithmetic> {
 protected:
  void SetUp() override {
    if (!testing::has_device(GetParam().device)) {
      GTEST_SKIP() << testing::kNoCuda;
    }
  }

  static std::unique_ptr<GradientBackend> make_backend(const std::string& features) {
    const Model model = golden_model();
    return torch_module().make_gradients(model, parse_features(features, model.spec),
                                         GetParam().device, GetParam().precision);
  }

  /// 5e-5 is the contract in single precision; the golden numbers themselves are stored as float32.
  static double tolerance() { return GetParam().precision == Precision::kFloat64 ? 1e-6 : 5e-5; }
};

INSTANTIATE_TEST_SUITE_P(Arithmetic, GoldenModel,
                         ::testing::Values(Arithmetic{"cpu", Precision::kFloat32},
                                           Arithmetic{"cpu", Precision::kFloat64},
                                           Arithmetic{"cuda", Precision::kFloat32},
                                           Arithmetic{"cuda", Precision::kFloat64}),
                         [](const auto& instance) { return name_of(instance.param); });

TEST_P(GoldenModel, EveryLayerAndLossOfEveryImage) {
  const auto backend = make_backend("all,all:elbo");
  const std::vector<std::uint8_t> images = golden_images();
  const std::vector<float> features =
      features_of(*backend, ImageBatch::of_u8(images, kGoldenImages));
  const std::size_t width = dimension(backend->blocks());
  ASSERT_EQ(backend->blocks().size(), 33U);
  for (const FeatureBlock& block : backend->blocks()) {
    const std::string what = std::string(name(*block.loss)) + "." + block.layer;
    const std::vector<float> wanted = golden("grad." + what + ".weight").values;
    const std::size_t size = block.end - block.begin;
    ASSERT_EQ(wanted.size(), kGoldenImages * size);
    for (std::size_t i = 0; i < kGoldenImages; ++i) {
      const std::span got = std::span(features).subspan(i * width + block.begin, size);
      // Infinite when the golden gradient is zero and ours is not.
      EXPECT_LE(relative_error(got, std::span(wanted).subspan(i * size, size)), tolerance())
          << what << " of image " << i;
    }
  }
}

TEST_P(GoldenModel, ActivationsAndLosses) {
  const auto backend = make_backend("mu,logvar");
  const std::vector<std::uint8_t> images = golden_images();
  std::vector<float> mu(kGoldenImages * 20);
  std::vector<float> logvar(kGoldenImages * 20);
  std::vector<float> reconstruction(images.size());
  std::vector<float> bce(kGoldenImages);
  std::vector<float> kld(kGoldenImages);
  std::vector<float> features(kGoldenImages * 40);
  backend->run(ImageBatch::of_u8(images, kGoldenImages), {.features = features,
                                                          .block_norms = {},
                                                          .bce = bce,
                                                          .kld = kld,
                                                          .mu = mu,
                                                          .logvar = logvar,
                                                          .reconstruction = reconstruction,
                                                          .squared_error = {},
                                                          .cosine = {}});
  EXPECT_LE(relative_error(mu, golden("mu").values), tolerance());
  EXPECT_LE(relative_error(logvar, golden("logvar").values), tolerance());
  EXPECT_LE(relative_error(reconstruction, golden("recon").values), tolerance());
  const auto losses =
      nlohmann::json::parse(read_text_file(testing::data_file("ood/losses.json"))).at("loss");
  for (std::size_t i = 0; i < kGoldenImages; ++i) {
    EXPECT_NEAR(bce[i] / losses["bce"][i].get<double>(), 1, 1e-6) << "image " << i;
    EXPECT_NEAR(kld[i] / losses["kld"][i].get<double>(), 1, tolerance()) << "image " << i;
    EXPECT_TRUE(std::equal(&mu[i * 20], &mu[i * 20] + 20, &features[i * 40]));
    EXPECT_TRUE(std::equal(&logvar[i * 20], &logvar[i * 20] + 20, &features[i * 40 + 20]));
  }
}

TEST(Gradients, AreZeroByStructureWhereTheLossDoesNotReach) {
  const Model model = golden_model();
  const std::string unreached = "fc12:bce,fc2:kld,up.0:kld,up.2:kld,up.4:kld,up.6:kld";
  const auto backend = make(model, unreached);
  const std::vector<std::uint8_t> images = golden_images();
  std::vector<float> features(kGoldenImages * dimension(backend->blocks()), 1.F);
  std::vector<float> norms(kGoldenImages * 6, 1.F);
  backend->run(ImageBatch::of_u8(images, kGoldenImages), to(features, norms));
  EXPECT_THAT(features, Each(0.F));
  EXPECT_THAT(norms, Each(0.F));
}

TEST(Gradients, OfASubsetEqualThoseOfAll) {
  const Model model = golden_model();
  const std::vector<std::uint8_t> images = golden_images();
  const ImageBatch batch = ImageBatch::of_u8(images, kGoldenImages);
  const auto all = make(model, kEverything);
  const std::vector<float> wanted = features_of(*all, batch);
  for (const FeatureBlock& block : all->blocks()) {
    const std::string request =
        block.layer + (block.loss ? ":" + std::string(name(*block.loss)) : std::string());
    const std::vector<float> got = features_of(*make(model, request), batch);
    const std::size_t size = block.end - block.begin;
    ASSERT_EQ(got.size(), kGoldenImages * size);
    for (std::size_t i = 0; i < kGoldenImages; ++i) {
      const auto row = std::span(wanted).subspan(i * dimension(all->blocks()) + block.begin, size);
      EXPECT_LE(relative_error(std::span(got).subspan(i * size, size), row), 1e-6) << request;
    }
  }
}

TEST_P(GoldenModel, ABatchEqualsALoopOverItsImages) {
  const auto backend = make_backend(kEverything);
  Random random(1);
  const std::size_t image = AutoencoderSpec().input.size();
  // More than one pass, and no multiple of it.
  const std::size_t n = std::string_view(GetParam().device) == "cpu" ? 150 : 1100;
  std::vector<std::uint8_t> images(n * image);
  std::ranges::generate(images, [&] { return static_cast<std::uint8_t>(random.below(256)); });
  const std::vector<float> batch = features_of(*backend, ImageBatch::of_u8(images, n));
  const std::size_t width = dimension(backend->blocks());
  for (std::size_t i = 0; i < n; i += n / 21) {
    const std::vector<float> one =
        features_of(*backend, ImageBatch::of_u8(std::span(images).subspan(i * image, image), 1));
    EXPECT_LE(relative_error(std::span(batch).subspan(i * width, width), one), tolerance()) << i;
  }
}

TEST(Gradients, BlockNormsAreThoseOfTheFeatures) {
  const Model model = golden_model();
  const std::vector<std::uint8_t> images = golden_images();
  const ImageBatch batch = ImageBatch::of_u8(images, kGoldenImages);
  const auto backend = make(model, kEverything);
  const std::vector<float> features = features_of(*backend, batch);
  const std::size_t blocks = backend->blocks().size();
  std::vector<float> norms(kGoldenImages * blocks);
  backend->run(batch, to({}, norms));
  for (std::size_t i = 0; i < kGoldenImages; ++i) {
    for (std::size_t b = 0; b < blocks; ++b) {
      const FeatureBlock& block = backend->blocks()[b];
      double sum = 0;
      for (std::size_t c = block.begin; c < block.end; ++c) {
        sum += std::pow(features[i * dimension(backend->blocks()) + c], 2);
      }
      EXPECT_NEAR(norms[i * blocks + b], std::sqrt(sum), 1e-5 * std::sqrt(sum));
    }
  }
}

TEST(Gradients, BytesAndTheirQuotientsGiveTheSame) {
  const Model model = golden_model();
  const Extent& extent = model.spec.input;
  const std::vector<std::uint8_t> bytes = golden_images();
  std::vector<float> values(bytes.size());
  const auto plane = static_cast<std::size_t>(extent.height * extent.width);
  const auto channels = static_cast<std::size_t>(extent.channels);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t pixel = i / channels % plane;
    const std::size_t image = i / extent.size();
    values[image * extent.size() + i % channels * plane + pixel] =
        static_cast<float>(bytes[i]) / 255.F;
  }
  const auto backend = make(model, "all");
  EXPECT_EQ(features_of(*backend, ImageBatch::of_u8(bytes, kGoldenImages)),
            features_of(*backend, ImageBatch::of_float(values, kGoldenImages)));
}

TEST(Gradients, OfNoImagesAreNothing) {
  const auto backend = make(golden_model(), "all");
  EXPECT_NO_THROW(backend->run({}, {}));
}

TEST(Gradients, RefuseOutputsThatDoNotFit) {
  const auto backend = make(golden_model(), "down.6:kld");
  const std::vector<std::uint8_t> images = golden_images();
  std::vector<float> room(1727);
  const ImageBatch one = ImageBatch::of_u8(std::span(images).first(28 * 28 * 3), 1);
  EXPECT_THAT(
      [&] { backend->run(one, to(room)); },
      ThrowsMessage<InvalidArgument>(HasSubstr("features holds 1727 values; 1 images want 1728")));
  EXPECT_THROW(backend->run(one, to({}, room)), InvalidArgument);
  GradientOutputs outputs;
  outputs.bce = room;
  EXPECT_THROW(backend->run(one, outputs), InvalidArgument);
  EXPECT_THROW(backend->run(ImageBatch::of_u8(images, 1), {}), InvalidArgument);
}

TEST(Gradients, RefusePixelsOutsideZeroToOne) {
  const auto backend = make(golden_model(), "down.6:kld");
  const std::size_t image = 28 * 28 * 3;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 1.0001F, -1e-6F,
                          std::numeric_limits<float>::infinity()}) {
    std::vector<float> pixels(2 * image, 0.5F);
    pixels[image + 7] = bad;
    std::vector<float> bce(2);
    GradientOutputs outputs;
    outputs.bce = bce;
    EXPECT_THAT([&] { backend->run(ImageBatch::of_float(pixels, 2), outputs); },
                ThrowsMessage<InvalidArgument>(HasSubstr("image 1 has the pixel value")))
        << bad;
  }
}

TEST(Gradients, RefuseDevicesThatAreNotThere) {
  const Model model = golden_model();
  for (const char* device : {"gpu", "", "cuda:", "cuda:x", "cuda0", "cuda:1x", "cuda:-1"}) {
    EXPECT_THAT([&] { torch_module().make_gradients(model, {}, device, Precision::kFloat32); },
                ThrowsMessage<InvalidArgument>(HasSubstr("wanted cpu, cuda or cuda:N")))
        << device;
  }
  EXPECT_THROW(torch_module().make_gradients(model, {}, "cuda:4096", Precision::kFloat32),
               InvalidArgument);
  if (!torch_module().has_cuda()) {
    EXPECT_THAT([&] { torch_module().make_gradients(model, {}, "cuda", Precision::kFloat32); },
                ThrowsMessage<InvalidArgument>(HasSubstr("finds no CUDA device")));
  }
}

TEST(Gradients, RefuseBlocksThatAreNotOfTheModel) {
  const Model model = golden_model();
  const auto attempt = [&](const FeatureBlock& block) {
    return [&model, block] {
      torch_module().make_gradients(model, {block}, "cpu", Precision::kFloat32);
    };
  };
  EXPECT_THAT(attempt({"down.1", Loss::kBce, 0, 144}),
              ThrowsMessage<InvalidArgument>(HasSubstr("no such layer")));
  EXPECT_THAT(attempt({"down.0", Loss::kBce, 0, 143}),
              ThrowsMessage<InvalidArgument>(HasSubstr("columns 0 to 143; wanted 0 to 144")));
  EXPECT_THAT(attempt({"down.0", Loss::kBce, 1, 145}),
              ThrowsMessage<InvalidArgument>(HasSubstr("wanted 0 to 144")));
  EXPECT_THAT(attempt({"down.0", std::nullopt, 0, 144}),
              ThrowsMessage<InvalidArgument>(HasSubstr("only mu and logvar")));
}

TEST(Gradients, WithoutBottleneckKnowBceAlone) {
  AutoencoderSpec spec;
  spec.latent = 0;
  const Model model = initialise(spec, 1);
  EXPECT_THAT(
      [&] {
        torch_module().make_gradients(model, {{"down.0", Loss::kKld, 0, 144}}, "cpu",
                                      Precision::kFloat32);
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("no bottleneck")));
  const auto backend = make(model, "all");
  const std::vector<std::uint8_t> images = golden_images();
  std::vector<float> kld(kGoldenImages, 1.F);
  GradientOutputs outputs;
  outputs.kld = kld;
  backend->run(ImageBatch::of_u8(images, kGoldenImages), outputs);
  EXPECT_THAT(kld, Each(0.F));
}

TEST(Gradients, RefuseAModelWithANaN) {
  Model model = golden_model();
  model.weights["fc2.bias"].values[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(make(model, "all"), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
