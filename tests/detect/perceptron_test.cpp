#include "detect/perceptron.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

std::vector<float> random_inputs(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(random.normal());
  }
  return values;
}

/// The network in double from its tensors, straight from the definition.
double logit_by_definition(const TensorMap& tensors, const float* input) {
  std::vector<double> values(input, input + tensors.at("0.weight").shape[1]);
  for (const std::string layer : {"0", "2", "4"}) {
    const Tensor& weight = tensors.at(layer + ".weight");
    const Tensor& bias = tensors.at(layer + ".bias");
    std::vector<double> next;
    for (std::size_t o = 0; o < bias.values.size(); ++o) {
      double sum = bias.values[o];
      for (std::size_t i = 0; i < values.size(); ++i) {
        sum += values[i] * weight.values[o * values.size() + i];
      }
      next.push_back(layer == "4" ? sum : std::max(sum, 0.0));
    }
    values = next;
  }
  return values.front();
}

TEST(Perceptron, ForwardIsTheDefinition) {
  constexpr std::size_t kInputs = 37;
  constexpr std::size_t kRows = 11;
  const Perceptron network(kInputs, 1);
  const std::vector<float> inputs = random_inputs(kRows * kInputs, 2);
  Activations activations;
  network.forward(inputs.data(), kInputs, kRows, activations);
  const TensorMap tensors = network.tensors();
  for (std::size_t row = 0; row < kRows; ++row) {
    EXPECT_NEAR(activations.back()[row], logit_by_definition(tensors, &inputs[row * kInputs]),
                1e-5);
  }
}

TEST(Perceptron, ForwardByColumnIsTheSameForEveryRow) {
  constexpr std::size_t kInputs = 57;
  constexpr std::size_t kRows = 6 * Perceptron::kRowsTogether;
  constexpr std::size_t kStride = kRows + 3;
  const Perceptron network(kInputs, 1);
  const std::vector<float> rows = random_inputs(kRows * kInputs, 2);
  std::vector<float> columns(kInputs * kStride);
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t k = 0; k < kInputs; ++k) {
      columns[k * kStride + i] = rows[i * kInputs + k];
    }
  }
  Activations by_row;
  network.forward(rows.data(), kInputs, kRows, by_row);
  Activations by_column;
  network.forward_columns(columns.data(), kStride, kRows, by_column);
  for (std::size_t i = 0; i < kRows; ++i) {
    EXPECT_NEAR(by_column.back()[i], by_row.back()[i], 1e-6) << i;
    // By itself, in another place.
    std::vector<float> alone(kInputs * Perceptron::kRowsTogether);
    for (std::size_t k = 0; k < kInputs; ++k) {
      alone[k * Perceptron::kRowsTogether + i % 5] = rows[i * kInputs + k];
    }
    Activations own;
    network.forward_columns(alone.data(), Perceptron::kRowsTogether, Perceptron::kRowsTogether,
                            own);
    EXPECT_EQ(own.back()[i % 5], by_column.back()[i]) << i;
  }
}

TEST(Perceptron, BackwardAgreesWithDifferencesOfTheDefinition) {
  constexpr std::size_t kInputs = 9;
  constexpr std::size_t kRows = 6;
  Perceptron network(kInputs, 3);
  const std::vector<float> inputs = random_inputs(kRows * kInputs, 4);
  const std::vector<float> delta = random_inputs(kRows, 5);
  Activations activations;
  Gradients gradients;
  network.forward(inputs.data(), kInputs, kRows, activations);
  network.backward(inputs.data(), kInputs, kRows, activations, delta, gradients);

  const auto objective = [&] {
    double sum = 0;
    const TensorMap tensors = network.tensors();
    for (std::size_t row = 0; row < kRows; ++row) {
      sum += delta[row] * logit_by_definition(tensors, &inputs[row * kInputs]);
    }
    return sum;
  };
  constexpr float kStep = 1.0F / 4096;
  for (std::size_t layer = 0; layer < network.layers().size(); ++layer) {
    for (std::size_t i = 0; i < network.layers()[layer].values.size(); i += 7) {
      float& value = network.layers()[layer].values[i];
      const float kept = value;
      value = kept + kStep;
      const double above = objective();
      value = kept - kStep;
      const double below = objective();
      const double width = static_cast<double>(kept + kStep) - static_cast<double>(kept - kStep);
      value = kept;
      // The objective is piecewise linear in each value: only rounding is left, and a kink now and
      // then.
      EXPECT_NEAR(gradients[layer][i], (above - below) / width, 2e-3) << layer << " " << i;
    }
  }
}

TEST(Perceptron, TensorsGoOutAndInUnchanged) {
  const Perceptron network(5, 6);
  EXPECT_EQ(Perceptron(network.tensors()).tensors(), network.tensors());
  EXPECT_NE(Perceptron(5, 7).tensors(), network.tensors());
}

TEST(Perceptron, RefusesTensorsThatDoNotFit) {
  TensorMap tensors = Perceptron(5, 6).tensors();
  TensorMap broken = tensors;
  broken.erase("2.bias");
  EXPECT_THROW(Perceptron{broken}, InvalidArgument);
  broken = tensors;
  broken["2.weight"].shape = {40, 20};
  EXPECT_THROW(Perceptron{broken}, InvalidArgument);
  broken = tensors;
  broken["4.bias"].values[0] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(Perceptron{broken}, InvalidArgument);
  EXPECT_THROW(Perceptron{TensorMap{}}, InvalidArgument);
}

}  // namespace
}  // namespace gradspace
