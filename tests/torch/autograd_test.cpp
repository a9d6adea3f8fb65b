// LibTorch's autograd, one image at a time in double precision, as the oracle of both backends. The
// network is written a second time here, from the description's words.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adam.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "devices.h"
#include "gradspace/torch_module.h"
#include "random_models.h"
#include "relative_error.h"
#include "torch/full_precision.h"

namespace gradspace {
namespace {

namespace F = torch::nn::functional;
using Parameters = std::map<std::string, torch::Tensor>;

struct Losses {
  torch::Tensor bce;
  torch::Tensor kld;
};

Parameters parameters_of(const Model& model, torch::Dtype type) {
  Parameters parameters;
  for (const auto& [name, tensor] : model.weights) {
    parameters[name] = torch::tensor(tensor.values, torch::kFloat)
                           .view(tensor.shape)
                           .to(type)
                           .clone()
                           .set_requires_grad(true);
  }
  return parameters;
}

/// z = mu + exp(logvar / 2) * noise.
Losses losses_of(const AutoencoderSpec& spec, const Parameters& p, const torch::Tensor& images,
                 const torch::Tensor& noise) {
  torch::Tensor x = images;
  for (std::size_t i = 0; i < spec.down.size(); ++i) {
    const std::string name = "down." + std::to_string(2 * i);
    x = torch::conv2d(x, p.at(name + ".weight"), p.at(name + ".bias"), spec.down[i].stride,
                      spec.down[i].padding)
            .relu();
  }
  torch::Tensor kld = torch::zeros({}, images.options());
  if (spec.latent > 0) {
    const auto linear = [&](const std::string& name, const torch::Tensor& input) {
      return torch::linear(input, p.at(name + ".weight"), p.at(name + ".bias"));
    };
    const torch::Tensor mu = linear("fc11", x.flatten(1));
    const torch::Tensor logvar = linear("fc12", x.flatten(1));
    kld = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum();
    x = linear("fc2", mu + (logvar / 2).exp() * noise).view(x.sizes());
  }
  for (std::size_t i = 0; i < spec.up.size(); ++i) {
    const std::string name = "up." + std::to_string(2 * i);
    x = torch::conv_transpose2d(x, p.at(name + ".weight"), p.at(name + ".bias"), spec.up[i].stride,
                                spec.up[i].padding, spec.up[i].output_padding);
    x = i + 1 < spec.up.size() ? x.relu() : x.sigmoid();
  }
  return {
      F::binary_cross_entropy(x, images, F::BinaryCrossEntropyFuncOptions().reduction(torch::kSum)),
      kld};
}

torch::Tensor to_images(const std::vector<std::uint8_t>& bytes, const Extent& extent,
                        torch::Dtype type) {
  return torch::tensor(std::vector<int>(bytes.begin(), bytes.end()), torch::kInt)
             .view({-1, extent.height, extent.width, extent.channels})
             .permute({0, 3, 1, 2})
             .to(type)
             .contiguous() /
         255;
}

/// The gradient by one block's weight; zeros where the loss does not depend on it.
std::vector<float> oracle(const FeatureBlock& block, const Parameters& parameters,
                          const Losses& losses) {
  const torch::Tensor& weight = parameters.at(block.layer + ".weight");
  const torch::Tensor loss = *block.loss == Loss::kBce   ? losses.bce
                             : *block.loss == Loss::kKld ? losses.kld
                                                         : losses.bce + losses.kld;
  torch::Tensor gradient = torch::autograd::grad({loss}, {weight}, {}, true, false, true)[0];
  if (!gradient.defined()) {
    gradient = torch::zeros_like(weight);
  }
  gradient = gradient.to(torch::kFloat).contiguous();
  const float* values = gradient.data_ptr<float>();
  return {values, values + gradient.numel()};
}

using AutogradOn = testing::OnDevice;
INSTANTIATE_TEST_SUITE_P(Devices, AutogradOn, testing::devices(), testing::device_name);

TEST_P(AutogradOn, AgreesOnRandomArchitectures) {
  constexpr int kArchitectures = 60;
  for (int trial = 0; trial < kArchitectures; ++trial) {
    Random random(static_cast<std::uint64_t>(trial));
    const AutoencoderSpec spec = testing::random_spec(random);
    const Model model = initialise(spec, random.next());
    SCOPED_TRACE(to_json(spec));
    const auto blocks = parse_features(spec.latent > 0 ? "all,all:elbo" : "all", spec);
    const std::size_t n = 1 + random.below(4);
    const std::vector<std::uint8_t> bytes = testing::random_bytes(random, n * spec.input.size());

    const Parameters parameters = parameters_of(model, torch::kDouble);
    const torch::Tensor images = to_images(bytes, spec.input, torch::kDouble);
    const torch::Tensor no_noise = torch::zeros({1, spec.latent}, torch::kDouble);
    for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
      const double tolerance = precision == Precision::kFloat64 ? 1e-6 : 5e-5;
      const auto backend = torch_module().make_gradients(model, blocks, GetParam(), precision);
      std::vector<float> features(n * dimension(blocks));
      GradientOutputs outputs;
      outputs.features = features;
      backend->run(ImageBatch::of_u8(bytes, n), outputs);
      for (std::size_t i = 0; i < n; ++i) {
        const auto one = images.narrow(0, static_cast<std::int64_t>(i), 1);
        const Losses losses = losses_of(spec, parameters, one, no_noise);
        for (const FeatureBlock& block : blocks) {
          const auto got = std::span(features).subspan(i * dimension(blocks) + block.begin,
                                                       block.end - block.begin);
          EXPECT_LE(testing::relative_error(got, oracle(block, parameters, losses)), tolerance)
              << block.layer << ":" << name(*block.loss) << " of image " << i;
        }
      }
    }
  }
}

/// `backend` beside torch::optim::Adam on the same model, images and noise.
void compare_training(const AutoencoderSpec& spec, double beta, std::uint64_t seed) {
  SCOPED_TRACE(to_json(spec));
  constexpr std::size_t kImages = 7;
  constexpr double kLearningRate = 2e-3;
  const Model model = initialise(spec, seed);
  StepOptions options;
  options.learning_rate = kLearningRate;
  options.beta = beta;
  const auto backend = torch_module().make_training(model, options, "cpu");

  Parameters parameters = parameters_of(model, torch::kFloat);
  std::vector<torch::Tensor> list;
  for (const auto& [name, parameter] : parameters) {
    list.push_back(parameter);
  }
  torch::optim::Adam adam(list, torch::optim::AdamOptions(kLearningRate));

  Random random(seed);
  for (int step = 0; step < 4; ++step) {
    const auto bytes = testing::random_bytes(random, kImages * spec.input.size());
    std::vector<float> noise(kImages * static_cast<std::size_t>(spec.latent));
    std::ranges::generate(noise, [&] { return static_cast<float>(random.normal()); });
    const LossSums got = backend->step(bytes, kImages, noise);

    const Losses losses = losses_of(
        spec, parameters, to_images(bytes, spec.input, torch::kFloat),
        torch::tensor(noise, torch::kFloat).view({static_cast<std::int64_t>(kImages), -1}));
    adam.zero_grad();
    (losses.bce + beta * losses.kld).backward();
    adam.step();
    EXPECT_NEAR(got.bce, losses.bce.item<double>(), 1e-5 * got.bce);
    // The KLD's terms, of size 1 as a rule, cancel.
    EXPECT_NEAR(got.kld, losses.kld.item<double>(), 1e-5 * got.kld + 1e-6);
  }
  const TensorMap state = backend->state();
  for (const auto& [name, parameter] : parameters) {
    const torch::Tensor wanted = parameter.detach().contiguous();
    const std::vector<float>& got = state.at(name).values;
    // Adam divides a gradient by its own size: where it is all rounding error, so is the step.
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], wanted.data_ptr<float>()[i], 2e-6) << name << " at " << i;
    }
  }
}

TEST(Autograd, AgreesOnStepsOfAdam) {
  compare_training(AutoencoderSpec(), 1, 1);
  compare_training(AutoencoderSpec(), 0.25, 2);
  for (std::uint64_t trial = 0; trial < 12; ++trial) {
    Random random(1000 + trial);
    compare_training(testing::random_spec(random), 1, trial);
  }
}

TEST(FullPrecision, IsSetByTheFirstAndPutBackByTheLast) {
  at::Context& libtorch = at::globalContext();
  for (const bool before : {true, false, true}) {
    libtorch.setAllowTF32CuDNN(before);
    {
      const FullPrecision first;
      EXPECT_FALSE(libtorch.allowTF32CuDNN());
      { const FullPrecision second; }
      EXPECT_FALSE(libtorch.allowTF32CuDNN());
    }
    EXPECT_EQ(libtorch.allowTF32CuDNN(), before);
  }
}

}  // namespace
}  // namespace gradspace
