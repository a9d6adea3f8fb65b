#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/random.h"
#include "devices.h"
#include "golden_model.h"
#include "gradspace/error.h"
#include "gradspace/torch_module.h"
#include "relative_error.h"

namespace gradspace {
namespace {

using testing::golden;
using testing::golden_images;
using testing::golden_model;
using ::testing::HasSubstr;
using testing::kGoldenImages;
using testing::relative_error;
using ::testing::ThrowsMessage;

constexpr std::size_t kLatent = 20;

std::unique_ptr<TrainingBackend> make_training(const Model& model,
                                               const std::string& device = "cpu") {
  return torch_module().make_training(model, {}, device);
}

std::vector<float> noise(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(n * kLatent);
  std::ranges::generate(values, [&] { return static_cast<float>(random.normal()); });
  return values;
}

using TorchTrainingOn = testing::OnDevice;
INSTANTIATE_TEST_SUITE_P(Devices, TorchTrainingOn, testing::devices(), testing::device_name);

TEST_P(TorchTrainingOn, EvaluatesAndReconstructsLikeTheOriginal) {
  const auto training = make_training(golden_model(), GetParam());
  const std::vector<std::uint8_t> images = golden_images();
  std::vector<float> reconstruction(images.size());
  training->reconstruct(images, kGoldenImages, reconstruction);
  EXPECT_LE(relative_error(reconstruction, golden("recon").values), 5e-5);

  const auto gradients =
      torch_module().make_gradients(golden_model(), {}, "cpu", Precision::kFloat64);
  std::vector<float> bce(kGoldenImages);
  std::vector<float> kld(kGoldenImages);
  GradientOutputs outputs;
  outputs.bce = bce;
  outputs.kld = kld;
  gradients->run(ImageBatch::of_u8(images, kGoldenImages), outputs);
  LossSums wanted;
  for (std::size_t i = 0; i < kGoldenImages; ++i) {
    wanted.bce += bce[i];
    wanted.kld += kld[i];
  }
  const LossSums got = training->evaluate(images, kGoldenImages);
  EXPECT_NEAR(got.bce, wanted.bce, 1e-6 * wanted.bce);
  EXPECT_NEAR(got.kld, wanted.kld, 1e-5 * wanted.kld);
}

TEST_P(TorchTrainingOn, EvaluationAndReconstructionChangeNothing) {
  const auto training = make_training(golden_model(), GetParam());
  const TensorMap before = training->state();
  const std::vector<std::uint8_t> images = golden_images();
  std::vector<float> reconstruction(images.size());
  training->evaluate(images, kGoldenImages);
  training->reconstruct(images, kGoldenImages, reconstruction);
  EXPECT_EQ(training->state(), before);
}

TEST_P(TorchTrainingOn, StateHoldsWeightsAndMomentsByName) {
  const Model model = golden_model();
  const TensorMap state = make_training(model, GetParam())->state();
  EXPECT_EQ(state.size(), 3 * model.weights.size());
  for (const auto& [name, tensor] : model.weights) {
    EXPECT_EQ(state.at(name), tensor);
    EXPECT_EQ(state.at("adam.m." + name).shape, tensor.shape);
    EXPECT_EQ(state.at("adam.v." + name).shape, tensor.shape);
  }
}

TEST_P(TorchTrainingOn, LowersTheLoss) {
  const auto training = make_training(golden_model(), GetParam());
  const std::vector<std::uint8_t> images = golden_images();
  const LossSums before = training->evaluate(images, kGoldenImages);
  for (std::uint64_t i = 0; i < 100; ++i) {
    training->step(images, kGoldenImages, noise(kGoldenImages, i));
  }
  const LossSums after = training->evaluate(images, kGoldenImages);
  EXPECT_LT(after.bce + after.kld, before.bce + before.kld);
}

TEST(TorchTraining, RestoredContinuesToTheSameBits) {
  const std::vector<std::uint8_t> images = golden_images();
  const auto take_steps = [&](TrainingBackend& training, std::uint64_t from, std::uint64_t to) {
    LossSums last;
    for (std::uint64_t i = from; i < to; ++i) {
      last = training.step(images, kGoldenImages, noise(kGoldenImages, i));
    }
    return last;
  };
  const auto uninterrupted = make_training(golden_model());
  take_steps(*uninterrupted, 0, 5);
  const TensorMap state = uninterrupted->state();
  const LossSums wanted = take_steps(*uninterrupted, 5, 9);

  const auto continued = make_training(initialise(AutoencoderSpec(), 77));
  take_steps(*continued, 20, 22);
  continued->restore(state, 5);
  EXPECT_EQ(continued->state(), state);
  const LossSums got = take_steps(*continued, 5, 9);
  EXPECT_EQ(got.bce, wanted.bce);
  EXPECT_EQ(got.kld, wanted.kld);
  EXPECT_EQ(continued->state(), uninterrupted->state());
}

TEST(TorchTraining, RefusesAStateThatDoesNotFitAndKeepsItsOwn) {
  const auto training = make_training(golden_model());
  const TensorMap own = training->state();
  TensorMap lacking = make_training(initialise(AutoencoderSpec(), 1))->state();
  lacking.erase("adam.v.up.6.bias");
  EXPECT_THAT([&] { training->restore(lacking, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("lacks adam.v.up.6.bias")));
  TensorMap misshapen = make_training(initialise(AutoencoderSpec(), 1))->state();
  misshapen["up.6.bias"] = {{4}, {1, 2, 3, 4}};
  EXPECT_THAT([&] { training->restore(misshapen, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("up.6.bias has shape [4]; wanted [3]")));
  EXPECT_THROW(training->restore(own, -1), InvalidArgument);
  EXPECT_EQ(training->state(), own);
}

TEST(TorchTraining, RefusesSizesThatDoNotFit) {
  const auto training = make_training(golden_model());
  const std::vector<std::uint8_t> images = golden_images();
  const std::vector<float> draws = noise(kGoldenImages, 1);
  std::vector<float> room(images.size() - 1);
  EXPECT_THROW(training->step(images, kGoldenImages - 1, draws), InvalidArgument);
  EXPECT_THROW(training->step({}, 0, {}), InvalidArgument);
  EXPECT_THAT(
      [&] { training->step(images, kGoldenImages, std::span(draws).first(379)); },
      ThrowsMessage<InvalidArgument>(HasSubstr("noise holds 379 values; 19 images want 380")));
  EXPECT_THROW(training->evaluate(images, 18), InvalidArgument);
  EXPECT_THROW(training->reconstruct(images, kGoldenImages, room), InvalidArgument);
}

TEST(TorchTraining, RefusesADeviceThatIsNotThere) {
  EXPECT_THROW(torch_module().make_training(golden_model(), {}, "tpu"), InvalidArgument);
}

TEST(TorchTraining, RefusesOptionsThatMakeNoSense) {
  StepOptions options;
  options.learning_rate = -1;
  EXPECT_THROW(torch_module().make_training(golden_model(), options, "cpu"), InvalidArgument);
}

TEST(TorchTraining, OnCudaLearnsLikeTheProcessor) {
  if (!testing::has_device("cuda")) {
    GTEST_SKIP() << testing::kNoCuda;
  }
  const auto cuda = make_training(golden_model(), "cuda");
  const auto cpu = make_training(golden_model());
  const std::vector<std::uint8_t> images = golden_images();
  for (std::uint64_t i = 0; i < 5; ++i) {
    cuda->step(images, kGoldenImages, noise(kGoldenImages, i));
    cpu->step(images, kGoldenImages, noise(kGoldenImages, i));
  }
  const LossSums got = cuda->evaluate(images, kGoldenImages);
  const LossSums wanted = cpu->evaluate(images, kGoldenImages);
  EXPECT_NEAR(got.bce, wanted.bce, 1e-3 * wanted.bce);
}

TEST(TorchTraining, GoesFromOneDeviceToTheOther) {
  if (!testing::has_device("cuda")) {
    GTEST_SKIP() << testing::kNoCuda;
  }
  const std::vector<std::uint8_t> images = golden_images();
  const auto cuda = make_training(golden_model(), "cuda");
  cuda->step(images, kGoldenImages, noise(kGoldenImages, 1));
  const auto cpu = make_training(initialise(AutoencoderSpec(), 77));
  cpu->restore(cuda->state(), 1);
  EXPECT_EQ(cpu->state(), cuda->state());
  const auto again = make_training(initialise(AutoencoderSpec(), 78), "cuda");
  again->restore(cpu->state(), 1);
  EXPECT_EQ(again->state(), cuda->state());
}

}  // namespace
}  // namespace gradspace
