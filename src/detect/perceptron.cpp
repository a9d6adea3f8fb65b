#include "detect/perceptron.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "core/random.h"
#include "core/tensor_of_shape.h"
#include "gradspace/error.h"
#include "simd/matrix_product.h"
#include "simd/transpose.h"

namespace gradspace {
namespace {

constexpr std::array<std::size_t, 3> kWidths{40, 20, 1};

/// PyTorch's name in a Sequential, where the activations between count.
std::string layer_name(std::size_t layer) {
  return fmt::format("{}", 2 * layer);
}

std::size_t input_width(const TensorMap& tensors) {
  const auto first = tensors.find("0.weight");
  if (first == tensors.end() || first->second.shape.size() != 2 || first->second.shape[1] < 1) {
    throw InvalidArgument("classifier: tensor 0.weight is missing or not a matrix");
  }
  return static_cast<std::size_t>(first->second.shape[1]);
}

}  // namespace

Perceptron::Perceptron(std::size_t dimension) {
  for (const std::size_t width : kWidths) {
    layers_.emplace_back(dimension, width);
    dimension = width;
  }
}

Perceptron::Perceptron(std::size_t dimension, std::uint64_t seed) : Perceptron(dimension) {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    Random random(combine(seed, hash_text(layer_name(layer))));
    const double bound = 1 / std::sqrt(static_cast<double>(layers_[layer].in));
    for (float& value : layers_[layer].values) {
      value = static_cast<float>(random.uniform(-bound, bound));
    }
  }
}

Perceptron::Perceptron(const TensorMap& tensors) : Perceptron(input_width(tensors)) {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    Linear& linear = layers_[layer];
    const auto in = static_cast<std::int64_t>(linear.in);
    const auto out = static_cast<std::int64_t>(linear.out);
    const Tensor& weight =
        tensor_of_shape(tensors, layer_name(layer) + ".weight", {out, in}, "classifier");
    const Tensor& bias = tensor_of_shape(tensors, layer_name(layer) + ".bias", {out}, "classifier");
    std::ranges::copy(transposed(weight), linear.values.begin());
    std::copy(bias.values.begin(), bias.values.end(), linear.bias().begin());
  }
}

TensorMap Perceptron::tensors() const {
  TensorMap tensors;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const Linear& linear = layers_[layer];
    const auto in = static_cast<std::int64_t>(linear.in);
    const auto out = static_cast<std::int64_t>(linear.out);
    tensors[layer_name(layer) + ".weight"] = {
        {out, in}, transposed(linear.in, linear.out, linear.values.data())};
    tensors[layer_name(layer) + ".bias"] = {{out}, {linear.bias().begin(), linear.bias().end()}};
  }
  return tensors;
}

void Perceptron::forward(const float* inputs, std::size_t stride, std::size_t rows,
                         Activations& activations) const {
  activations.resize(layers_.size());
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const Linear& linear = layers_[layer];
    const bool last = layer + 1 == layers_.size();
    std::vector<float>& result = activations[layer];
    result.resize(rows * linear.out);
    matrix_product(rows, linear.out, linear.in, {inputs, stride, 1}, linear.values.data(),
                   linear.out, result.data(), linear.out);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t o = 0; o < linear.out; ++o) {
        float& value = result[row * linear.out + o];
        value += linear.bias()[o];
        value = last ? value : std::max(value, 0.0F);
      }
    }
    inputs = result.data();
    stride = linear.out;
  }
}

void Perceptron::forward_columns(const float* inputs, std::size_t stride, std::size_t rows,
                                 Activations& activations) const {
  assert(rows % kRowsTogether == 0);
  activations.resize(layers_.size());
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const Linear& linear = layers_[layer];
    const float least =
        layer + 1 == layers_.size() ? -std::numeric_limits<float>::infinity() : 0.0F;
    std::vector<float>& result = activations[layer];
    result.resize(linear.out * rows);
    matrix_product(linear.out, rows, linear.in, {linear.values.data(), 1, linear.out}, inputs,
                   stride, result.data(), rows);
    for (std::size_t o = 0; o < linear.out; ++o) {
      const float bias = linear.bias()[o];
      for (std::size_t row = 0; row < rows; ++row) {
        float& value = result[o * rows + row];
        value = std::max(value + bias, least);
      }
    }
    inputs = result.data();
    stride = rows;
  }
}

void Perceptron::backward(const float* inputs, std::size_t stride, std::size_t rows,
                          const Activations& activations, std::vector<float> delta,
                          Gradients& gradients) const {
  gradients.resize(layers_.size());
  for (std::size_t layer = layers_.size(); layer-- > 0;) {
    const Linear& linear = layers_[layer];
    std::vector<float>& gradient = gradients[layer];
    gradient.assign(linear.values.size(), 0.0F);
    const float* below = layer == 0 ? inputs : activations[layer - 1].data();
    const std::size_t below_stride = layer == 0 ? stride : linear.in;
    matrix_product(linear.in, linear.out, rows, {below, 1, below_stride}, delta.data(), linear.out,
                   gradient.data(), linear.out);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t o = 0; o < linear.out; ++o) {
        gradient[linear.in * linear.out + o] += delta[row * linear.out + o];
      }
    }
    if (layer == 0) {
      break;
    }
    std::vector<float> next(rows * linear.in);
    const std::vector<float> weight = transposed(linear.in, linear.out, linear.values.data());
    matrix_product(rows, linear.in, linear.out, {delta.data(), linear.out, 1}, weight.data(),
                   linear.in, next.data(), linear.in, Rounding::kEveryStep);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < linear.in; ++i) {
        float& value = next[row * linear.in + i];
        value = below[row * linear.in + i] > 0 ? value : 0.0F;
      }
    }
    delta = std::move(next);
  }
}

}  // namespace gradspace
