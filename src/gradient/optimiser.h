// What the native trainers have in common: a model's parameters under Adam, and the checks of a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradient/network.h"
#include "gradspace/tensor.h"

namespace gradspace::gradient {

/// A weight or bias at work.
struct Parameter {
  std::string name;
  Tensor first_moment;
  Tensor second_moment;
  std::vector<float> gradient;
};

/// A model's parameters, the weight and the bias of each layer in turn, and Adam's state.
class Parameters {
 public:
  Parameters(const Network& network, TensorMap weights, double learning_rate);

  std::size_t size() const { return parameters_.size(); }
  Parameter& operator[](std::size_t i) { return parameters_[i]; }
  const Parameter& operator[](std::size_t i) const { return parameters_[i]; }
  Parameter& weight(std::size_t layer) { return parameters_[2 * layer]; }
  const Parameter& weight(std::size_t layer) const { return parameters_[2 * layer]; }
  Parameter& bias(std::size_t layer) { return parameters_[2 * layer + 1]; }

  /// The values, by name.
  const TensorMap& values() const { return values_; }
  std::int64_t steps() const { return steps_; }

  /// Counts a step, whose `adam` calls follow.
  void begin_step() { ++steps_; }
  /// Moves the values [begin, end) of parameter `i` by their gradient. Parts may be moved in parallel.
  void adam(std::size_t i, std::size_t begin, std::size_t end);

  /// The values by their names; Adam's moments as "adam.m.<name>" and "adam.v.<name>".
  TensorMap state() const;
  /// These parameters as a state has them, after so many steps. Throws InvalidArgument for a state of
  /// another model.
  Parameters restored(const AutoencoderSpec& spec, const TensorMap& state,
                      std::int64_t steps) const;

 private:
  TensorMap values_;
  std::vector<Parameter> parameters_;
  double learning_rate_;
  std::int64_t steps_ = 0;
};

Tensor zeros_like(const Tensor& tensor);

/// The tensor of a training state that is named so and shaped as `like`. Throws InvalidArgument.
const Tensor& find_in_state(const TensorMap& state, const std::string& name, const Tensor& like);

// Each throws InvalidArgument when the size is not that of `n` images.
void check_images(const Network& network, std::span<const std::uint8_t> images, std::size_t n);
void check_noise(const Network& network, std::span<const float> noise, std::size_t n);
void check_reconstruction(const Network& network, std::span<const float> out, std::size_t n);

}  // namespace gradspace::gradient
