// One step and one image's score against PyTorch's automatic second derivatives in double precision.
#include "gradient/alignment/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/safetensors.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using gradient::alignment::BatchLosses;
using gradient::alignment::Trainer;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr double kLearningRate = 1e-3;
constexpr const char* kOracle = "gradient/alignment_oracle.py";

/// Images with structure: a network learns something of them in a few steps.
std::vector<std::uint8_t> images_of(const AutoencoderSpec& spec, std::size_t count,
                                    std::uint64_t seed) {
  std::vector<std::uint8_t> images;
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const double frequency = random.uniform(0.1, 0.6);
    const double phase = random.uniform(0, 6);
    for (std::size_t pixel = 0; pixel < spec.input.size(); ++pixel) {
      const double wave = std::sin(frequency * static_cast<double>(pixel) + phase);
      images.push_back(static_cast<std::uint8_t>(120 + 80 * wave + random.uniform(-40, 40)));
    }
  }
  return images;
}

std::vector<float> noise_of(const AutoencoderSpec& spec, std::size_t count, std::uint64_t seed) {
  std::vector<float> noise(count * static_cast<std::size_t>(spec.latent));
  Random random(seed);
  for (float& value : noise) {
    value = static_cast<float>(random.normal());
  }
  return noise;
}

/// HWC bytes as the oracle's [n,C,H,W] within 0 to 1.
Tensor as_input(const Extent& extent, std::span<const std::uint8_t> images) {
  const std::size_t n = images.size() / extent.size();
  const auto channels = static_cast<std::size_t>(extent.channels);
  const std::size_t plane = extent.size() / channels;
  Tensor tensor{{static_cast<std::int64_t>(n), extent.channels, extent.height, extent.width}, {}};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t p = 0; p < plane; ++p) {
        tensor.values.push_back(static_cast<float>(images[i * extent.size() + p * channels + c]) /
                                255.0F);
      }
    }
  }
  return tensor;
}

double relative_error(const Tensor& got, const Tensor& wanted) {
  EXPECT_EQ(got.shape, wanted.shape);
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < wanted.values.size(); ++i) {
    difference += std::pow(static_cast<double>(got.values[i]) - wanted.values[i], 2);
    norm += std::pow(static_cast<double>(wanted.values[i]), 2);
  }
  return std::sqrt(difference / norm);
}

struct Case {
  const char* name;
  int channels;
  int latent;
  std::size_t images;
  double alignment;
  double kld_weight;
};

/// Sizes that fill no lane group; an alignment term as it is used, and one so large that the loss is
/// it almost alone.
constexpr Case kCases[] = {{"grey", 1, 0, 21, 0.03, 0.02},
                           {"colour", 3, 0, 5, 0.03, 0.02},
                           {"alignment", 1, 0, 16, 30, 0.02},
                           {"variational", 1, 24, 13, 0.3, 0.5}};

GradConOptions with(double alignment, double kld_weight) {
  GradConOptions options;
  options.alignment = alignment;
  options.kld_weight = kld_weight;
  return options;
}

/// A trainer after a few steps, and the question of its next one.
class Trained {
 public:
  explicit Trained(const Case& c)
      : spec_(gradcon_autoencoder(c.channels, c.latent)),
        images_(images_of(spec_, c.images, 1)),
        noise_(noise_of(spec_, c.images, 2)),
        trainer_(initialise(spec_, 5), with(c.alignment, c.kld_weight), kLearningRate) {
    for (std::uint64_t step = 0; step < 3; ++step) {
      trainer_.step(images_of(spec_, c.images, 10 + step), c.images,
                    noise_of(spec_, c.images, 20 + step));
    }
    state_ = trainer_.state();
    std::erase_if(state_, [](const auto& entry) { return entry.first.starts_with("adam."); });
  }

  void write_question(const Case& c, const std::filesystem::path& path) const {
    SafeTensors question{state_, {}};
    question.tensors["images"] = as_input(spec_.input, images_);
    if (c.latent > 0) {
      question.tensors["noise"] = {{static_cast<std::int64_t>(c.images), c.latent}, noise_};
    }
    question.metadata["alignment"] = std::to_string(c.alignment);
    question.metadata["kld_weight"] = std::to_string(c.kld_weight);
    write_safetensors(path, "oracle", question);
  }

  Model model() const {
    Model model{spec_, {}, {}};
    for (const auto& [name, tensor] : state_) {
      if (name.starts_with("mean.")) {
        model.mean_gradients.emplace(name.substr(5), tensor);
      } else {
        model.weights.emplace(name, tensor);
      }
    }
    return model;
  }

  void expect_step(const Case& c, const TensorMap& answer) {
    const BatchLosses losses = trainer_.step(images_, c.images, noise_);
    const std::vector<float>& wanted = answer.at("losses").values;
    EXPECT_NEAR(losses.error, wanted[0], 1e-6 * wanted[0]);
    EXPECT_NEAR(losses.cosine, wanted[1], 1e-5);
    EXPECT_NEAR(losses.kld, wanted[2], 1e-5 * wanted[2] + 1e-12);
    for (const auto& [name, gradient] : trainer_.last_gradient()) {
      // Sums in float; the oracle's are in double. A bias's runs over all positions and cancels.
      const double tolerance = name.ends_with("bias") ? 1e-3 : 1e-4;
      EXPECT_LT(relative_error(gradient, answer.at("gradient." + name)), tolerance) << name;
    }
  }

  void expect_scores(const TensorMap& answer) const {
    for (const InstructionSet set : available_instruction_sets()) {
      ObservationNeeds needs;
      needs.alignment = true;
      const std::vector<GradConScore> scores =
          gradcon_scores(observe(*make_native_backend(model(), {}, set), needs, spec_, images_));
      const std::vector<float>& wanted = answer.at("scores").values;
      ASSERT_EQ(2 * scores.size(), wanted.size());
      for (std::size_t i = 0; i < scores.size(); ++i) {
        EXPECT_NEAR(scores[i].error, wanted[2 * i], 1e-6 * wanted[2 * i]) << name(set);
        EXPECT_NEAR(scores[i].cosine, wanted[2 * i + 1], 1e-5) << name(set);
        EXPECT_DOUBLE_EQ(scores[i].score, scores[i].error - 0.12 * scores[i].cosine);
      }
    }
  }

 private:
  AutoencoderSpec spec_;
  std::vector<std::uint8_t> images_;
  std::vector<float> noise_;
  Trainer trainer_;
  TensorMap state_;
};

TEST(GradCon, StepAndScoresAgreeWithAutomaticSecondDerivatives) {
  if (!testing::python_has("torch")) {
    GTEST_SKIP() << "python3-torch is not there";
  }
  const testing::TemporaryFolder folder;
  std::vector<std::unique_ptr<Trained>> trained;
  std::string arguments;
  for (const Case& c : kCases) {
    trained.push_back(std::make_unique<Trained>(c));
    const std::filesystem::path question = folder / (std::string(c.name) + ".in");
    const std::filesystem::path answer = folder / (std::string(c.name) + ".out");
    trained.back()->write_question(c, question);
    arguments += fmt::format("'{}' '{}' ", question.string(), answer.string());
  }
  ASSERT_EQ(testing::run_script(kOracle, arguments).status, 0);
  for (std::size_t i = 0; i < trained.size(); ++i) {
    SCOPED_TRACE(kCases[i].name);
    const TensorMap answer =
        read_safetensors(folder / (std::string(kCases[i].name) + ".out"), "").tensors;
    trained[i]->expect_scores(answer);
    trained[i]->expect_step(kCases[i], answer);
  }
}

TEST(GradConTrainer, FirstStepHasNoAlignmentTerm) {
  const AutoencoderSpec spec = gradcon_autoencoder(1);
  const auto images = images_of(spec, 9, 1);
  Trainer with_term(initialise(spec, 5), with(0.03, 0.02), kLearningRate);
  Trainer without(initialise(spec, 5), with(0, 0.02), kLearningRate);
  EXPECT_EQ(with_term.step(images, 9, {}).cosine, 0);
  without.step(images, 9, {});
  EXPECT_EQ(with_term.last_gradient(), without.last_gradient());
  EXPECT_EQ(with_term.state(), without.state());
  with_term.step(images, 9, {});
  without.step(images, 9, {});
  EXPECT_NE(with_term.last_gradient(), without.last_gradient());
}

TEST(GradConTrainer, MeanIsOfTheErrorsGradientsOrOfTheLosss) {
  const AutoencoderSpec spec = gradcon_autoencoder(1);
  for (const bool mean_of_loss : {false, true}) {
    GradConOptions options = with(3, 0);
    options.mean_of_loss = mean_of_loss;
    Trainer trainer(initialise(spec, 5), options, kLearningRate);
    trainer.step(images_of(spec, 8, 1), 8, {});
    const TensorMap first = trainer.last_gradient();
    const TensorMap state = trainer.state();
    // The error's gradient of the second batch: that of a first step, which has no term.
    GradConOptions plain = with(0, 0);
    Trainer error_alone(initialise(spec, 5), plain, kLearningRate);
    error_alone.restore(state, 1);
    error_alone.step(images_of(spec, 8, 2), 8, {});
    trainer.step(images_of(spec, 8, 2), 8, {});
    const TensorMap second = mean_of_loss ? trainer.last_gradient() : error_alone.last_gradient();
    const Tensor mean = trainer.state().at("mean.up.2.weight");
    Tensor wanted = first.at("up.2.weight");
    for (std::size_t i = 0; i < wanted.values.size(); ++i) {
      wanted.values[i] = (wanted.values[i] + second.at("up.2.weight").values[i]) / 2;
    }
    EXPECT_LT(relative_error(mean, wanted), 1e-6);
  }
}

TEST(GradConTrainer, EvaluationChangesNothing) {
  const AutoencoderSpec spec = gradcon_autoencoder(1, 6);
  const auto images = images_of(spec, 10, 1);
  Trainer trainer(initialise(spec, 5), {}, kLearningRate);
  trainer.step(images, 10, noise_of(spec, 10, 2));
  const TensorMap state = trainer.state();
  const BatchLosses losses = trainer.evaluate(images, 10);
  EXPECT_NE(losses.cosine, 0);
  EXPECT_EQ(trainer.state(), state);
  std::vector<float> reconstruction(images.size());
  trainer.reconstruct(images, 10, reconstruction);
  double squares = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    squares += std::pow(reconstruction[i] - static_cast<float>(images[i]) / 255.0F, 2);
  }
  EXPECT_NEAR(squares / static_cast<double>(images.size()), losses.error, 1e-6);
}

TEST(GradConTrainer, RefusesWhatDoesNotFit) {
  const AutoencoderSpec spec = gradcon_autoencoder(1, 6);
  Trainer trainer(initialise(spec, 5), {}, kLearningRate);
  const auto images = images_of(spec, 2, 1);
  EXPECT_THAT([&] { trainer.step(images, 3, noise_of(spec, 3, 2)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("1568 bytes for 3 images")));
  EXPECT_THAT([&] { trainer.step(images, 2, noise_of(spec, 1, 2)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("noise: 6 values")));
  TensorMap state = trainer.state();
  state.erase("mean.up.4.weight");
  EXPECT_THAT([&] { trainer.restore(state, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'mean.up.4.weight' is missing")));
}

}  // namespace
}  // namespace gradspace
