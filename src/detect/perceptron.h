// The classifier's network: Linear layers with ReLU between, one logit at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradspace/tensor.h"

namespace gradspace {

/// One Linear layer. The weight lies transposed, [in][out], so that a product with it runs along
/// rows; tensors hold PyTorch's [out][in].
struct Linear {
  std::size_t in;
  std::size_t out;
  std::vector<float> values;  ///< weight [in][out], then bias [out]

  Linear(std::size_t in_width, std::size_t out_width)
      : in(in_width), out(out_width), values((in_width + 1) * out_width) {}
  std::span<float> bias() { return {values.data() + in * out, out}; }
  std::span<const float> bias() const { return {values.data() + in * out, out}; }
};

/// A batch on its way through the network: what each layer gave, [rows, out], before the sigmoid
/// for the last. Reused from batch to batch.
using Activations = std::vector<std::vector<float>>;

/// One vector a layer, laid out as Linear::values.
using Gradients = std::vector<std::vector<float>>;

class Perceptron {
 public:
  /// PyTorch's default initialisation of Linear: everything uniform in +-1/sqrt(in).
  Perceptron(std::size_t dimension, std::uint64_t seed);
  /// From tensors "0.weight", "0.bias", "2.weight", ... Throws InvalidArgument naming the tensor
  /// that is missing, of another shape, or holds a value that is not finite.
  explicit Perceptron(const TensorMap& tensors);

  TensorMap tensors() const;
  std::size_t dimension() const { return layers_.front().in; }
  std::vector<Linear>& layers() { return layers_; }

  /// Logits of P(in-distribution) into activations.back(). `inputs` is [rows, dimension], rows
  /// `stride` floats apart.
  void forward(const float* inputs, std::size_t stride, std::size_t rows,
               Activations& activations) const;

  /// Rows that `forward_columns` takes: a multiple of these, so that every row's sums are rounded alike.
  static constexpr std::size_t kRowsTogether = 16;

  /// The same logits but for the last digits, several times as fast, for inputs that lie by column: [dimension, rows],
  /// columns `stride` floats apart. A row's logit does not depend on the others. `activations` are [out, rows]
  /// likewise.
  void forward_columns(const float* inputs, std::size_t stride, std::size_t rows,
                       Activations& activations) const;

  /// Gradients after `forward` on the same inputs; `delta` is d loss / d logit, [rows].
  void backward(const float* inputs, std::size_t stride, std::size_t rows,
                const Activations& activations, std::vector<float> delta,
                Gradients& gradients) const;

 private:
  explicit Perceptron(std::size_t dimension);

  std::vector<Linear> layers_;
};

}  // namespace gradspace
