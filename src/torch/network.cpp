#include "torch/network.h"

#include <ATen/core/Reduction.h>

namespace gradspace {
namespace {

at::Tensor upload(const Tensor& tensor, const at::TensorOptions& options) {
  return view_of(tensor.values.data(), tensor.shape).to(options, false, /*copy=*/true);
}

}  // namespace

TorchNetwork::TorchNetwork(const Model& model, at::Device device, at::ScalarType type)
    : spec_(model.spec), options_(at::TensorOptions().device(device).dtype(type)) {
  model.validate();
  for (LayerInfo& info : gradspace::layers(spec_)) {
    TorchLayer layer;
    layer.weight = upload(model.weights.at(info.name + ".weight"), options_);
    layer.bias = upload(model.weights.at(info.name + ".bias"), options_);
    layer.info = std::move(info);
    layers_.push_back(std::move(layer));
  }
}

at::Tensor TorchNetwork::images(const std::uint8_t* u8_nhwc, std::int64_t n) const {
  const Extent& extent = spec_.input;
  // from_blob wants a pointer to mutable memory; nothing here writes through it.
  const at::Tensor bytes = torch::from_blob(const_cast<std::uint8_t*>(u8_nhwc),
                                            {n, extent.height, extent.width, extent.channels},
                                            at::TensorOptions().dtype(at::kByte));
  return bytes.to(options_.device())
      .permute({0, 3, 1, 2})
      .to(options_, false, /*copy=*/true, at::MemoryFormat::Contiguous)
      .div_(255);
}

at::Tensor TorchNetwork::images(const float* f32_nchw, std::int64_t n) const {
  const Extent& extent = spec_.input;
  return view_of(f32_nchw, {n, extent.channels, extent.height, extent.width}).to(options_);
}

Encoding TorchNetwork::encode(const at::Tensor& images, const LayerObserver& observer) const {
  std::size_t layer = 0;
  at::Tensor activations = images;
  for (; layer < spec_.down.size(); ++layer) {
    activations = at::relu(apply(layer, activations, observer));
  }
  if (!has_bottleneck()) {
    return {activations, {}};
  }
  activations = activations.flatten(1);
  return {apply(layer, activations, observer), apply(layer + 1, activations, observer)};
}

at::Tensor TorchNetwork::decode(const at::Tensor& z, const LayerObserver& observer) const {
  const std::size_t first_up = layers_.size() - spec_.up.size();
  at::Tensor activations = z;
  if (has_bottleneck()) {
    const Extent& extent = layers_[first_up].info.in;
    activations = apply(first_up - 1, z, observer)
                      .view({z.size(0), extent.channels, extent.height, extent.width});
  }
  for (std::size_t layer = first_up; layer < layers_.size(); ++layer) {
    activations = apply(layer, activations, observer);
    activations = layer + 1 < layers_.size() ? at::relu(activations) : at::sigmoid(activations);
  }
  return activations;
}

at::Tensor TorchNetwork::apply(std::size_t index, const at::Tensor& input,
                               const LayerObserver& observer) const {
  const TorchLayer& layer = layers_[index];
  const ConvSpec& conv = layer.info.conv;
  at::Tensor output;
  switch (layer.info.kind) {
    case LayerInfo::Kind::kConv:
      output = at::conv2d(input, layer.weight, layer.bias, conv.stride, conv.padding);
      break;
    case LayerInfo::Kind::kConvTranspose:
      output = at::conv_transpose2d(input, layer.weight, layer.bias, conv.stride, conv.padding,
                                    conv.output_padding);
      break;
    case LayerInfo::Kind::kLinear:
      output = at::linear(input, layer.weight, layer.bias);
      break;
  }
  if (observer) {
    observer(index, input, output);
  }
  return output;
}

at::Tensor view_of(const float* values, at::IntArrayRef shape) {
  return torch::from_blob(const_cast<float*>(values), shape, at::TensorOptions().dtype(at::kFloat));
}

at::Tensor bce_of(const at::Tensor& reconstruction, const at::Tensor& images) {
  // at::binary_cross_entropy says the same in scalar logarithms, at twice the cost.
  const at::Tensor log_p = reconstruction.log().clamp_min_(-100);
  const at::Tensor log_q = at::rsub(reconstruction, 1).log_().clamp_min_(-100);
  return log_q.addcmul(images, log_p - log_q).flatten(1).sum(1).neg_();
}

at::Tensor kld_of(const Encoding& code) {
  return (1 + code.logvar - code.mu.square() - code.logvar.exp()).sum(1).mul_(-0.5);
}

at::Tensor bce_by_reconstruction(const at::Tensor& reconstruction, const at::Tensor& images) {
  return at::binary_cross_entropy_backward(torch::ones({}, images.options()), reconstruction,
                                           images, {}, at::Reduction::Sum);
}

at::Tensor kld_by_mu(const Encoding& code) {
  return code.mu;
}

at::Tensor kld_by_logvar(const Encoding& code) {
  return code.logvar.exp().sub_(1).mul_(0.5);
}

}  // namespace gradspace
