// The autoencoder in LibTorch: parameters and forward pass, shared by gradients and training.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "gradspace/model.h"
#include "torch/libtorch.h"

namespace gradspace {

struct TorchLayer {
  LayerInfo info;
  at::Tensor weight;
  at::Tensor bias;
};

/// Sees a layer's input and its output (before the activation) during the forward pass.
using LayerObserver =
    std::function<void(std::size_t layer, const at::Tensor& input, const at::Tensor& output)>;

/// What the encoder gives, [n, latent] each. Without bottleneck `mu` is the encoder's last
/// activations and `logvar` is undefined.
struct Encoding {
  at::Tensor mu;
  at::Tensor logvar;
};

class TorchNetwork {
 public:
  /// Throws InvalidArgument for a model that does not validate.
  TorchNetwork(const Model& model, at::Device device, at::ScalarType type);

  bool has_bottleneck() const { return spec_.latent > 0; }
  const AutoencoderSpec& spec() const { return spec_; }
  at::TensorOptions options() const { return options_; }
  std::vector<TorchLayer>& layers() { return layers_; }
  const std::vector<TorchLayer>& layers() const { return layers_; }

  /// Bytes [n,H,W,C], or values [n,C,H,W], as network input [n,C,H,W] within [0,1].
  at::Tensor images(const std::uint8_t* u8_nhwc, std::int64_t n) const;
  at::Tensor images(const float* f32_nchw, std::int64_t n) const;

  Encoding encode(const at::Tensor& images, const LayerObserver& observer = {}) const;
  /// The reconstruction [n,C,H,W] of latent variables (or encoder activations) `z`.
  at::Tensor decode(const at::Tensor& z, const LayerObserver& observer = {}) const;

 private:
  at::Tensor apply(std::size_t layer, const at::Tensor& input, const LayerObserver& observer) const;

  AutoencoderSpec spec_;
  at::TensorOptions options_;
  std::vector<TorchLayer> layers_;
};

/// A view of host memory that LibTorch will not write to.
at::Tensor view_of(const float* values, at::IntArrayRef shape);

/// Each image's loss, [n]. BCE clamps logarithms at -100, as PyTorch does.
at::Tensor bce_of(const at::Tensor& reconstruction, const at::Tensor& images);
at::Tensor kld_of(const Encoding& code);

/// The losses' derivatives by what they are computed from: where a backward pass starts, without
/// the cost of the losses themselves.
at::Tensor bce_by_reconstruction(const at::Tensor& reconstruction, const at::Tensor& images);
at::Tensor kld_by_mu(const Encoding& code);
at::Tensor kld_by_logvar(const Encoding& code);

}  // namespace gradspace
