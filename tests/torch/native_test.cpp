// The native engine beside LibTorch in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradspace/torch_module.h"
#include "gradspace/train.h"
#include "random_models.h"
#include "relative_error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::random_bytes;
using testing::random_spec;
using testing::relative_error;

/// Everything a backend gives.
struct Results {
  Results(const AutoencoderSpec& spec, GradientBackend& backend, const ImageBatch& batch)
      : n(batch.count()),
        features(n * dimension(backend.blocks())),
        block_norms(n * backend.blocks().size()),
        bce(n),
        kld(n),
        mu(n * static_cast<std::size_t>(spec.latent)),
        logvar(mu.size()),
        reconstruction(n * spec.input.size()) {
    backend.run(batch, {.features = features,
                        .block_norms = block_norms,
                        .bce = bce,
                        .kld = kld,
                        .mu = mu,
                        .logvar = logvar,
                        .reconstruction = reconstruction,
                        .squared_error = {},
                        .cosine = {}});
  }

  std::size_t n;
  std::vector<float> features;
  std::vector<float> block_norms;
  std::vector<float> bce;
  std::vector<float> kld;
  std::vector<float> mu;
  std::vector<float> logvar;
  std::vector<float> reconstruction;
};

constexpr double kTolerance = 5e-5;
/// Where large terms cancel, as BCE's and KLD's can in the ELBO, less is left of single precision: a
/// block may be so many times further from double precision than LibTorch's own single precision is.
constexpr double kOfSinglePrecision = 5;
/// The ELBO's gradient is a difference: 5.7e-5 has been met, in one of 250 architectures, with AVX-512.
constexpr double kElboTolerance = 2 * kTolerance;

void compare(const AutoencoderSpec& spec, const Model& model, const ImageBatch& batch) {
  SCOPED_TRACE(to_json(spec));
  const auto blocks = parse_features(spec.latent > 0 ? "all,all:elbo,mu,logvar" : "all", spec);
  const auto native = make_native_backend(model, blocks);
  const auto reference = torch_module().make_gradients(model, blocks, "cpu", Precision::kFloat64);
  const auto single = torch_module().make_gradients(model, blocks, "cpu", Precision::kFloat32);
  const Results got(spec, *native, batch);
  const Results wanted(spec, *reference, batch);
  const Results rounded(spec, *single, batch);
  EXPECT_LE(relative_error(got.bce, wanted.bce), kTolerance);
  EXPECT_LE(relative_error(got.mu, wanted.mu), kTolerance);
  EXPECT_LE(relative_error(got.logvar, wanted.logvar), kTolerance);
  EXPECT_LE(relative_error(got.reconstruction, wanted.reconstruction), kTolerance);
  EXPECT_LE(relative_error(got.block_norms, wanted.block_norms), kTolerance);
  for (std::size_t i = 0; i < got.n; ++i) {
    // The KLD's terms, of size 1 as a rule, cancel.
    EXPECT_NEAR(got.kld[i], wanted.kld[i], kTolerance * wanted.kld[i] + 1e-6) << "image " << i;
    for (const FeatureBlock& block : blocks) {
      const auto values = [&](const Results& results) {
        return std::span(results.features)
            .subspan(i * dimension(blocks) + block.begin, block.end - block.begin);
      };
      EXPECT_LE(relative_error(values(got), values(wanted)),
                std::max(block.loss == Loss::kElbo ? kElboTolerance : kTolerance,
                         kOfSinglePrecision * relative_error(values(rounded), values(wanted))))
          << text(block) << " of image " << i;
    }
  }
}

TEST(NativeEngine, AgreesWithLibTorchOnRandomArchitectures) {
  constexpr std::uint64_t kArchitectures = 250;
  for (std::uint64_t trial = 0; trial < kArchitectures; ++trial) {
    Random random(5000 + trial);
    const AutoencoderSpec spec = random_spec(random);
    const Model model = initialise(spec, random.next());
    const std::size_t n = 1 + random.below(19);
    const std::vector<std::uint8_t> images = random_bytes(random, n * spec.input.size());
    compare(spec, model, ImageBatch::of_u8(images, n));
  }
}

TEST(NativeEngine, AgreesWithLibTorchOnTheDefaultModel) {
  const Model model = initialise(AutoencoderSpec(), 3);
  Random random(3);
  std::vector<float> images(37 * model.spec.input.size());
  std::ranges::generate(images, [&] { return static_cast<float>(random.uniform()); });
  compare(model.spec, model, ImageBatch::of_float(images, 37));
}

TEST(NativeTraining, AfterFiftyEpochsOnSignsIsWhereLibTorchIs) {
  const auto data = testing::shared_data();
  if (!data) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const std::filesystem::path signs = *data / "data" / "signs" / "RealChallengeFree";
  const AutoencoderSpec spec;
  const ImageStore train(*open_source(signs / "train"), spec.input);
  const ImageStore validation(*open_source(signs / "val"), spec.input);
  TrainOptions options;
  options.epochs = 50;
  options.seed = 3;
  const Model initial = initialise(spec, options.seed);
  const auto native = make_native_training(initial, options.step());
  const double got =
      train_autoencoder(spec, train, validation, *native, options).epochs.back().validation.loss;
  const auto reference = torch_module().make_training(initial, options.step(), "cpu");
  const double wanted =
      train_autoencoder(spec, train, validation, *reference, options).epochs.back().validation.loss;
  EXPECT_NEAR(got, wanted, 0.005 * wanted);
}

}  // namespace
}  // namespace gradspace
