// Native training against straight loops in double precision.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <cmath>

#include "core/arena.h"
#include "core/random.h"
#include "gradient/naive.h"
#include "gradient/random_model.h"
#include "gradspace/error.h"
#include "gradspace/train.h"

namespace gradspace {
namespace {

using testing::naive_pass;
using testing::NaiveResult;

/// A batch to train on.
struct Batch {
  Batch(const AutoencoderSpec& spec, std::size_t count, std::uint64_t seed) : n(count) {
    Random random(seed);
    images = testing::draw_images(random, n * spec.input.size());
    for (std::size_t i = 0; i < n * static_cast<std::size_t>(spec.latent); ++i) {
      noise.push_back(static_cast<float>(random.normal()));
    }
  }
  std::size_t n;
  std::vector<std::uint8_t> images;
  std::vector<float> noise;
};

AutoencoderSpec small_spec(int latent) {
  AutoencoderSpec spec;
  spec.input = {2, 8, 4};
  spec.down = {{5, 3, 2, 1}, {7, 3, 2, 1}};
  spec.latent = latent;
  spec.up = {{4, 4, 2, 1, 0}, {2, 4, 2, 1, 0}};
  return spec;
}

StepOptions options() {
  StepOptions options;
  options.learning_rate = 2e-3;
  options.beta = 0.7;
  return options;
}

/// Sums over the batch, by parameter name, of the gradients by BCE + beta * KLD.
NaiveResult naive_batch(const Model& model, const Batch& batch, double beta) {
  const auto latent = static_cast<std::size_t>(model.spec.latent);
  NaiveResult sum;
  for (std::size_t i = 0; i < batch.n; ++i) {
    const std::size_t size = model.spec.input.size();
    const std::vector<double> image =
        testing::to_planes(std::span(batch.images).subspan(i * size, size), model.spec.input);
    const NaiveResult one =
        naive_pass(model, image, {1, beta}, std::span(batch.noise).subspan(i * latent, latent));
    sum.bce += one.bce;
    sum.kld += one.kld;
    for (const auto& [name, gradient] : one.gradients) {
      std::vector<double>& total = sum.gradients[name];
      total.resize(gradient.size());
      for (std::size_t j = 0; j < gradient.size(); ++j) {
        total[j] += gradient[j];
      }
    }
  }
  return sum;
}

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) {
    sum += value * value;
  }
  return std::sqrt(sum);
}

class Training : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Latent, Training, ::testing::Values(0, 6));

// From zero moments, Adam's first moment after a step is a tenth of the gradient.
TEST_P(Training, StepIsThatOfStraightLoops) {
  const Model model = initialise(small_spec(GetParam()), 3);
  for (const std::size_t n : {1U, 13U, 75U}) {
    const Batch batch(model.spec, n, n);
    const auto training = make_native_training(model, options());
    const LossSums losses = training->step(batch.images, n, batch.noise);
    const NaiveResult wanted = naive_batch(model, batch, GetParam() > 0 ? 0.7 : 0.0);
    EXPECT_NEAR(losses.bce, wanted.bce, 1e-6 * wanted.bce);
    EXPECT_NEAR(losses.kld, wanted.kld, 1e-5 * wanted.kld);
    const TensorMap state = training->state();
    for (const auto& [name, gradient] : wanted.gradients) {
      const std::vector<float>& m = state.at("adam.m." + name).values;
      const std::vector<float>& v = state.at("adam.v." + name).values;
      const std::vector<float>& value = state.at(name).values;
      const std::vector<float>& before = model.weights.at(name).values;
      std::vector<double> difference;
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        difference.push_back(static_cast<double>(m[i]) / 0.1 - gradient[i]);
        const double g = static_cast<double>(m[i]) / 0.1;
        EXPECT_NEAR(v[i], 0.001 * g * g, 1e-5 * 0.001 * g * g);
        // Both moments corrected for their bias are the gradient and its square.
        EXPECT_NEAR(value[i], static_cast<double>(before[i]) - 2e-3 * g / (std::abs(g) + 1e-8),
                    2e-7);
      }
      EXPECT_LE(norm(difference), 5e-5 * norm(gradient)) << name << ", " << n;
    }
  }
}

// Adam in double precision on the backend's own gradients, over several steps.
TEST_P(Training, SeveralStepsAreAdams) {
  const Model model = initialise(small_spec(GetParam()), 4);
  const auto training = make_native_training(model, options());
  Model now = model;
  std::map<std::string, std::vector<double>> m;
  std::map<std::string, std::vector<double>> v;
  std::map<std::string, std::vector<double>> value;
  for (const auto& [name, tensor] : model.weights) {
    value[name].assign(tensor.values.begin(), tensor.values.end());
    m[name].resize(tensor.values.size());
    v[name].resize(tensor.values.size());
  }
  for (int step = 1; step <= 4; ++step) {
    const Batch batch(model.spec, 9, static_cast<std::uint64_t>(step));
    const NaiveResult wanted = naive_batch(now, batch, GetParam() > 0 ? 0.7 : 0.0);
    training->step(batch.images, batch.n, batch.noise);
    for (const auto& [name, gradient] : wanted.gradients) {
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        m[name][i] = 0.9 * m[name][i] + 0.1 * gradient[i];
        v[name][i] = 0.999 * v[name][i] + 0.001 * gradient[i] * gradient[i];
        value[name][i] -= 2e-3 / (1 - std::pow(0.9, step)) * m[name][i] /
                          (std::sqrt(v[name][i] / (1 - std::pow(0.999, step))) + 1e-8);
      }
    }
    const TensorMap state = training->state();
    for (auto& [name, tensor] : now.weights) {
      tensor = state.at(name);
      for (std::size_t i = 0; i < tensor.values.size(); ++i) {
        // A step is 2e-3 at most; where a gradient is nearly 0 its sign is uncertain.
        EXPECT_NEAR(tensor.values[i], value[name][i], 2e-5) << name << " " << i;
        value[name][i] = static_cast<double>(tensor.values[i]);
      }
    }
  }
}

TEST_P(Training, EvaluatesAndReconstructsWithZEqualToMu) {
  const Model model = initialise(small_spec(GetParam()), 5);
  const auto training = make_native_training(model, options());
  Batch batch(model.spec, 37, 1);
  std::vector<float> reconstruction(batch.images.size());
  training->reconstruct(batch.images, batch.n, reconstruction);
  const LossSums losses = training->evaluate(batch.images, batch.n);
  double bce = 0;
  double kld = 0;
  const std::size_t size = model.spec.input.size();
  for (std::size_t i = 0; i < batch.n; ++i) {
    const NaiveResult one = naive_pass(
        model,
        testing::to_planes(std::span(batch.images).subspan(i * size, size), model.spec.input), {});
    bce += one.bce;
    kld += one.kld;
    for (std::size_t j = 0; j < size; ++j) {
      EXPECT_NEAR(reconstruction[i * size + j], one.reconstruction[j], 2e-6);
    }
  }
  EXPECT_NEAR(losses.bce, bce, 1e-6 * bce);
  EXPECT_NEAR(losses.kld, kld, 1e-5 * kld);
  EXPECT_EQ(training->state().at("down.0.weight"), model.weights.at("down.0.weight"));
}

TEST_P(Training, LowersTheLoss) {
  const Model model = initialise(small_spec(GetParam()), 6);
  const auto training = make_native_training(model, options());
  // All bright: noise could not be learnt.
  Batch batch(model.spec, 64, 2);
  std::ranges::fill(batch.images, std::uint8_t{250});
  const LossSums before = training->evaluate(batch.images, batch.n);
  for (int i = 0; i < 60; ++i) {
    training->step(batch.images, batch.n, batch.noise);
  }
  const LossSums after = training->evaluate(batch.images, batch.n);
  EXPECT_LT(after.bce + after.kld, 0.97 * (before.bce + before.kld));
}

TEST_P(Training, IsTheSameOnAnyNumberOfThreads) {
  const Model model = initialise(small_spec(GetParam()), 7);
  const Batch batch(model.spec, 203, 3);
  const oneapi::tbb::global_control allow(oneapi::tbb::global_control::max_allowed_parallelism,
                                          5);  // more than there may be cores
  std::vector<TensorMap> states;
  std::vector<double> losses;
  for (const int threads : {1, 2, 5}) {
    const auto training = make_native_training(model, options());
    in_arena(threads, [&] {
      for (int i = 0; i < 3; ++i) {
        losses.push_back(training->step(batch.images, batch.n, batch.noise).bce);
      }
    });
    states.push_back(training->state());
  }
  EXPECT_EQ(states[0], states[1]);
  EXPECT_EQ(states[0], states[2]);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(losses[i], losses[i + 3]);
    EXPECT_EQ(losses[i], losses[i + 6]);
  }
}

TEST_P(Training, ContinuesFromItsState) {
  const Model model = initialise(small_spec(GetParam()), 8);
  const Batch batch(model.spec, 20, 4);
  const auto whole = make_native_training(model, options());
  whole->step(batch.images, batch.n, batch.noise);
  whole->step(batch.images, batch.n, batch.noise);
  const TensorMap halfway = whole->state();
  whole->step(batch.images, batch.n, batch.noise);
  const auto continued = make_native_training(initialise(model.spec, 99), options());
  continued->restore(halfway, 2);
  continued->step(batch.images, batch.n, batch.noise);
  EXPECT_EQ(continued->state(), whole->state());
}

TEST(TrainingBadInput, IsRefusedAndChangesNothing) {
  const Model model = initialise(small_spec(6), 9);
  const auto training = make_native_training(model, options());
  const Batch batch(model.spec, 4, 5);
  const TensorMap before = training->state();
  EXPECT_THROW(training->step(batch.images, 3, batch.noise), InvalidArgument);
  EXPECT_THROW(training->step(batch.images, 4, std::span(batch.noise).first(5)), InvalidArgument);
  EXPECT_THROW(training->evaluate({}, 0), InvalidArgument);
  std::vector<float> out(5);
  EXPECT_THROW(training->reconstruct(batch.images, 4, out), InvalidArgument);
  TensorMap state = before;
  state.erase("adam.v.fc2.bias");
  EXPECT_THROW(training->restore(state, 1), InvalidArgument);
  state = before;
  state.at("adam.m.fc2.bias").values.pop_back();
  EXPECT_THROW(training->restore(state, 1), InvalidArgument);
  state = before;
  state.at("fc2.bias").values[0] = NAN;
  EXPECT_THROW(training->restore(state, 1), InvalidArgument);
  EXPECT_THROW(training->restore(before, -1), InvalidArgument);
  EXPECT_EQ(training->state(), before);
}

}  // namespace
}  // namespace gradspace
