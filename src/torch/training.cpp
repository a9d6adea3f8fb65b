// Training on LibTorch: the paper's VAE loss and Adam (Kingma and Ba 2015), as torch::optim::Adam
// computes it. All parameters lie in one flat tensor, so that a step of Adam is eight operations
// instead of eight a parameter, and its state is two tensors. torch::optim's own state is reached
// by keys that changed between LibTorch 1.13 and 2.x.
#include <fmt/format.h>

#include <cmath>
#include <string>

#include "torch/backends.h"
#include "torch/network.h"

namespace gradspace {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

/// A parameter's place in the flat tensors.
struct Slot {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t begin = 0;
  std::int64_t size = 0;
};

class Adam {
 public:
  /// Updates `parameters` in place, whose storage it shares.
  Adam(at::Tensor parameters, double learning_rate)
      : parameters_(std::move(parameters)),
        first_moment_(at::zeros_like(parameters_)),
        second_moment_(at::zeros_like(parameters_)),
        learning_rate_(learning_rate) {}

  void step(const at::Tensor& gradient) {
    ++steps_;
    const auto t = static_cast<double>(steps_);
    const double correction1 = 1 - std::pow(kBeta1, t);
    const double correction2 = 1 - std::pow(kBeta2, t);
    first_moment_.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    second_moment_.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const at::Tensor divisor = second_moment_.sqrt().div_(std::sqrt(correction2)).add_(kEpsilon);
    parameters_.addcdiv_(first_moment_, divisor, -learning_rate_ / correction1);
  }

  const at::Tensor& first_moment() const { return first_moment_; }
  const at::Tensor& second_moment() const { return second_moment_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

 private:
  at::Tensor parameters_;
  at::Tensor first_moment_;
  at::Tensor second_moment_;
  double learning_rate_;
  std::int64_t steps_ = 0;
};

/// The weights and biases of `network`, moved into one flat tensor of which they become views.
at::Tensor flatten_parameters(TorchNetwork& network, std::vector<Slot>& slots) {
  std::vector<at::Tensor*> parameters;
  std::vector<at::Tensor> pieces;
  std::int64_t begin = 0;
  for (TorchLayer& layer : network.layers()) {
    for (const auto& [suffix, parameter] :
         {std::pair(".weight", &layer.weight), std::pair(".bias", &layer.bias)}) {
      slots.push_back(
          {layer.info.name + suffix, parameter->sizes().vec(), begin, parameter->numel()});
      begin += parameter->numel();
      parameters.push_back(parameter);
      pieces.push_back(parameter->flatten());
    }
  }
  at::Tensor flat = at::cat(pieces);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    *parameters[i] = flat.narrow(0, slots[i].begin, slots[i].size).view(slots[i].shape).detach();
    parameters[i]->set_requires_grad(true);
  }
  return flat;
}

class TorchTraining final : public TrainingBackend {
 public:
  TorchTraining(const Model& initial, const StepOptions& options, at::Device device)
      : network_(initial, device, at::kFloat),
        parameters_(flatten_parameters(network_, slots_)),
        adam_(parameters_, options.learning_rate),
        beta_(options.beta) {}

  LossSums step(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                std::span<const float> noise) override {
    check_images(images_u8_nhwc, n);
    const auto latent = static_cast<std::size_t>(network_.spec().latent);
    if (noise.size() != n * latent) {
      throw InvalidArgument(fmt::format("training: noise holds {} values; {} images want {}",
                                        noise.size(), n, n * latent));
    }
    return with_our_errors([&] { return take_step(images_u8_nhwc.data(), n, noise); });
  }

  LossSums evaluate(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n) override {
    check_images(images_u8_nhwc, n);
    return with_our_errors([&] {
      const at::NoGradGuard no_grad;
      const at::Tensor images =
          network_.images(images_u8_nhwc.data(), static_cast<std::int64_t>(n));
      const Encoding code = network_.encode(images);
      return losses(code, network_.decode(code.mu), images);
    });
  }

  void reconstruct(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                   std::span<float> out) override {
    check_images(images_u8_nhwc, n);
    const Extent& extent = network_.spec().input;
    if (out.size() != n * extent.size()) {
      throw InvalidArgument(
          fmt::format("training: reconstructions have room for {} values; {} images want {}",
                      out.size(), n, n * extent.size()));
    }
    with_our_errors([&] {
      const at::NoGradGuard no_grad;
      const auto count = static_cast<std::int64_t>(n);
      const at::Tensor images = network_.images(images_u8_nhwc.data(), count);
      torch::from_blob(out.data(), images.sizes(), at::TensorOptions().dtype(at::kFloat))
          .copy_(network_.decode(network_.encode(images).mu));
    });
  }

  TensorMap state() const override {
    return with_our_errors([&] {
      TensorMap state;
      download(parameters_, "", state);
      download(adam_.first_moment(), kFirstMoment, state);
      download(adam_.second_moment(), kSecondMoment, state);
      return state;
    });
  }

  void restore(const TensorMap& state, std::int64_t steps) override {
    if (steps < 0) {
      throw InvalidArgument(fmt::format("training: {} steps can't be restored", steps));
    }
    with_our_errors([&] {
      // All are read before any is changed: a state that does not fit leaves the old one.
      const at::Tensor parameters = upload("", state);
      const at::Tensor first_moment = upload(kFirstMoment, state);
      const at::Tensor second_moment = upload(kSecondMoment, state);
      parameters_.copy_(parameters);
      adam_.first_moment().copy_(first_moment);
      adam_.second_moment().copy_(second_moment);
      adam_.set_steps(steps);
    });
  }

 private:
  static constexpr const char* kFirstMoment = "adam.m.";
  static constexpr const char* kSecondMoment = "adam.v.";

  void check_images(std::span<const std::uint8_t> images, std::size_t n) const {
    const std::size_t image = network_.spec().input.size();
    if (n == 0 || images.size() != n * image) {
      throw InvalidArgument(
          fmt::format("training: {} bytes for {} images; wanted {} for each of at "
                      "least one",
                      images.size(), n, image));
    }
  }

  LossSums take_step(const std::uint8_t* bytes, std::size_t n, std::span<const float> noise) {
    const at::AutoGradMode grad_mode(true);
    const auto count = static_cast<std::int64_t>(n);
    const at::Tensor images = network_.images(bytes, count);
    const Encoding code = network_.encode(images);
    at::Tensor z = code.mu;
    if (network_.has_bottleneck()) {
      const at::Tensor draws =
          view_of(noise.data(), {count, network_.spec().latent}).to(network_.options());
      z = code.mu + (0.5 * code.logvar).exp() * draws;
    }
    const at::Tensor reconstruction = network_.decode(z);

    const at::NoGradGuard no_grad;
    torch::autograd::variable_list ends{reconstruction};
    torch::autograd::variable_list seeds{bce_by_reconstruction(reconstruction, images)};
    if (network_.has_bottleneck()) {
      ends.insert(ends.end(), {code.mu, code.logvar});
      seeds.insert(seeds.end(), {kld_by_mu(code) * beta_, kld_by_logvar(code) * beta_});
    }
    const LossSums before = losses(code, reconstruction, images);
    torch::autograd::variable_list gradients = torch::autograd::grad(ends, leaves(), seeds);
    for (at::Tensor& gradient : gradients) {
      gradient = gradient.flatten();
    }
    adam_.step(at::cat(gradients));
    return before;
  }

  torch::autograd::variable_list leaves() const {
    torch::autograd::variable_list leaves;
    for (const TorchLayer& layer : network_.layers()) {
      leaves.insert(leaves.end(), {layer.weight, layer.bias});
    }
    return leaves;
  }

  /// Without a graph.
  LossSums losses(const Encoding& code, const at::Tensor& reconstruction,
                  const at::Tensor& images) const {
    LossSums sums;
    sums.bce = bce_of(reconstruction, images).sum(at::kDouble).item<double>();
    if (network_.has_bottleneck()) {
      sums.kld = kld_of(code).sum(at::kDouble).item<double>();
    }
    return sums;
  }

  void download(const at::Tensor& flat, const std::string& prefix, TensorMap& state) const {
    const at::Tensor values = flat.detach().to(at::kCPU);
    for (const Slot& slot : slots_) {
      const float* begin = values.data_ptr<float>() + slot.begin;
      state[prefix + slot.name] = {slot.shape, {begin, begin + slot.size}};
    }
  }

  at::Tensor upload(const std::string& prefix, const TensorMap& state) const {
    std::vector<at::Tensor> pieces;
    for (const Slot& slot : slots_) {
      const auto found = state.find(prefix + slot.name);
      if (found == state.end()) {
        throw InvalidArgument(fmt::format("training: the state lacks {}{}", prefix, slot.name));
      }
      const Tensor& tensor = found->second;
      if (tensor.shape != slot.shape ||
          tensor.values.size() != static_cast<std::size_t>(slot.size)) {
        throw InvalidArgument(fmt::format("training: {}{} has shape {}; wanted {}", prefix,
                                          slot.name, shape_text(tensor.shape),
                                          shape_text(slot.shape)));
      }
      pieces.push_back(view_of(tensor.values.data(), {slot.size}));
    }
    return at::cat(pieces);
  }

  TorchNetwork network_;
  std::vector<Slot> slots_;
  at::Tensor parameters_;  ///< flat; the network's weights and biases are views of it
  Adam adam_;
  double beta_;
};

}  // namespace

std::unique_ptr<TrainingBackend> make_torch_training(const Model& initial,
                                                     const StepOptions& options,
                                                     at::Device device) {
  options.validate();
  return std::make_unique<TorchTraining>(initial, options, device);
}

}  // namespace gradspace
