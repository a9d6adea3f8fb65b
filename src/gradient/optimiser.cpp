#include "gradient/optimiser.h"

#include <fmt/format.h>

#include <utility>

#include "gradspace/error.h"
#include "simd/adam.h"

namespace gradspace::gradient {
namespace {

constexpr const char* kFirstMoment = "adam.m.";
constexpr const char* kSecondMoment = "adam.v.";

}  // namespace

Parameters::Parameters(const Network& network, TensorMap weights, double learning_rate)
    : values_(std::move(weights)), learning_rate_(learning_rate) {
  for (const Layer& layer : network.layers()) {
    for (const char* kind : {".weight", ".bias"}) {
      const Tensor& value = values_.at(layer.name + kind);
      parameters_.push_back({layer.name + kind, zeros_like(value), zeros_like(value),
                             std::vector<float>(value.values.size())});
    }
  }
}

void Parameters::adam(std::size_t i, std::size_t begin, std::size_t end) {
  Parameter& parameter = parameters_[i];
  const auto part = [&](std::vector<float>& values) {
    return std::span(values).subspan(begin, end - begin);
  };
  AdamStep(learning_rate_, steps_)
      .apply(part(parameter.gradient), part(parameter.first_moment.values),
             part(parameter.second_moment.values),
             part(values_.find(parameter.name)->second.values));
}

TensorMap Parameters::state() const {
  TensorMap state = values_;
  for (const Parameter& parameter : parameters_) {
    state[kFirstMoment + parameter.name] = parameter.first_moment;
    state[kSecondMoment + parameter.name] = parameter.second_moment;
  }
  return state;
}

Parameters Parameters::restored(const AutoencoderSpec& spec, const TensorMap& state,
                                std::int64_t steps) const {
  if (steps < 0) {
    throw InvalidArgument(fmt::format("training state: {} steps", steps));
  }
  Parameters result = *this;
  Model model{spec, {}, {}};
  for (Parameter& parameter : result.parameters_) {
    const Tensor& like = parameter.first_moment;
    model.weights[parameter.name] = find_in_state(state, parameter.name, like);
    parameter.first_moment = find_in_state(state, kFirstMoment + parameter.name, like);
    parameter.second_moment = find_in_state(state, kSecondMoment + parameter.name, like);
  }
  model.validate();
  result.values_ = std::move(model.weights);
  result.steps_ = steps;
  return result;
}

Tensor zeros_like(const Tensor& tensor) {
  return {tensor.shape, std::vector<float>(tensor.values.size())};
}

const Tensor& find_in_state(const TensorMap& state, const std::string& name, const Tensor& like) {
  const auto found = state.find(name);
  if (found == state.end()) {
    throw InvalidArgument(fmt::format("training state: tensor '{}' is missing", name));
  }
  if (found->second.shape != like.shape || found->second.values.size() != like.values.size()) {
    throw InvalidArgument(fmt::format("training state: tensor '{}' is {}; it must be {}", name,
                                      shape_text(found->second.shape), shape_text(like.shape)));
  }
  return found->second;
}

void check_images(const Network& network, std::span<const std::uint8_t> images, std::size_t n) {
  if (n == 0 || images.size() != n * network.image_size()) {
    throw InvalidArgument(fmt::format("images: {} bytes for {} images of {}", images.size(), n,
                                      network.image_size()));
  }
}

void check_noise(const Network& network, std::span<const float> noise, std::size_t n) {
  if (noise.size() != n * network.latent()) {
    throw InvalidArgument(
        fmt::format("noise: {} values; {} images want {} each", noise.size(), n, network.latent()));
  }
}

void check_reconstruction(const Network& network, std::span<const float> out, std::size_t n) {
  if (out.size() != n * network.image_size()) {
    throw InvalidArgument(fmt::format("reconstruction: {} values; {} images want {} each",
                                      out.size(), n, network.image_size()));
  }
}

}  // namespace gradspace::gradient
