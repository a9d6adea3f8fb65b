#include "gradient/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "core/aligned_array.h"
#include "core/round_up.h"
#include "gradspace/error.h"

namespace gradspace::gradient {
namespace {

/// Vectors of tensors and gradients, at most, before any plan is made: from the description alone.
void check_memory(const AutoencoderSpec& spec, std::size_t lanes) {
  double values = 3.0 * static_cast<double>(spec.input.size());
  double largest = 0;
  double slab = 0;
  double lists = 0;
  for (const LayerInfo& layer : layers(spec)) {
    const LayerGeometry geometry = geometry_of(layer);
    values += static_cast<double>(layer.out.size());
    largest = std::max(largest, static_cast<double>(layer.out.size()));
    const int block = std::min(geometry.small.channels, kLargestWeightBlock);
    lists += tap_list_bytes(geometry, Direction::kToSmall) +
             tap_list_bytes(geometry, Direction::kToLarge);
    slab = std::max(slab, static_cast<double>(block) * geometry.large.channels *
                              static_cast<double>(geometry.taps()));
  }
  const double bytes =
      (values + 2 * largest + slab) * static_cast<double>(lanes) * sizeof(float) + lists;
  if (bytes > static_cast<double>(kMaxGroupBytes)) {
    throw InvalidArgument(fmt::format(
        "the model is too large for the native engine: {:.0f} MiB for {} images; at most "
        "{} MiB",
        bytes / (1 << 20), lanes, kMaxGroupBytes >> 20));
  }
}

}  // namespace

AlignedFloats allocate_floats(std::size_t count) {
  AlignedFloats floats = make_aligned<float>(std::max<std::size_t>(count, 1));
  if (floats == nullptr) {
    throw std::bad_alloc();
  }
  return floats;
}

Network::Network(const Model& model, const Kernels& kernels, bool sampled)
    : kernels_(kernels), spec_(model.spec) {
  model.validate();
  check_memory(spec_, kernels.lanes);
  const std::vector<LayerInfo> infos = gradspace::layers(spec_);
  tensor_sizes_.push_back(image_size());
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const LayerInfo& info = infos[i];
    Layer layer;
    layer.name = info.name;
    layer.geometry = geometry_of(info);
    const bool up = info.kind == LayerInfo::Kind::kConvTranspose;
    layer.forward = plan_gather(layer.geometry, up ? Direction::kToLarge : Direction::kToSmall,
                                kernels.accumulators, kernels.lanes);
    if (i > 0) {
      layer.backward = plan_gather(layer.geometry, up ? Direction::kToSmall : Direction::kToLarge,
                                   kernels.accumulators, kernels.lanes);
      gradient_size_ = std::max(gradient_size_, info.in.size());
    }
    layer.weight =
        plan_weight(layer.geometry, layer.forward.direction, kernels.accumulators, kernels.lanes);
    layer.input = i;
    layer.relu = info.kind != LayerInfo::Kind::kLinear && i + 1 < infos.size();
    slab_size_ =
        std::max(slab_size_, static_cast<std::size_t>(layer.weight.small_blocks.front().size) *
                                 static_cast<std::size_t>(layer.geometry.large.channels) *
                                 layer.geometry.taps());
    layers_.push_back(std::move(layer));
    tensor_sizes_.push_back(info.out.size());
  }
  if (bottleneck()) {
    layers_[fc12()].input = layers_[fc11()].input;
    layers_[decoder_begin()].input = fc11() + 1;
    if (sampled) {
      layers_[decoder_begin()].input = code_tensor();
      tensor_sizes_.push_back(latent());
    }
  }
  set_weights(model.weights);
}

Network::Network(const Network& wide, const Kernels& narrow)
    : kernels_(narrow),
      spec_(wide.spec_),
      layers_(wide.layers_),
      tensor_sizes_(wide.tensor_sizes_),
      gradient_size_(wide.gradient_size_),
      slab_size_(wide.slab_size_) {
  assert(wide.kernels_.lanes == narrow.planned_lanes);
  for (Layer& layer : layers_) {
    change_lanes(layer.forward, wide.kernels_.lanes, narrow.lanes);
    change_lanes(layer.backward, wide.kernels_.lanes, narrow.lanes);
  }
}

void Network::set_weights(const TensorMap& weights) {
  for (Layer& layer : layers_) {
    const std::vector<float>& weight = weights.at(layer.name + ".weight").values;
    layer.bias = weights.at(layer.name + ".bias").values;
    layer.forward_weight.resize(weight.size());
    pack_weight(layer.geometry, layer.forward, weight, layer.forward_weight);
    if (!layer.backward.regions.empty()) {
      layer.backward_weight.resize(weight.size());
      pack_weight(layer.geometry, layer.backward, weight, layer.backward_weight);
    }
  }
}

Walk::Walk(const Network& network) : network_(network) {
  const std::size_t lanes = network.kernels().lanes;
  constexpr std::size_t kAlignedFloats = kAlignment / sizeof(float);
  const auto rounded = [lanes](std::size_t vectors) {
    return round_up_to(kAlignedFloats, vectors * lanes);
  };
  std::size_t total = 2 * rounded(network.gradient_size());
  for (const std::size_t size : network.tensor_sizes()) {
    total += rounded(size);
  }
  memory_ = allocate_floats(total);
  float* next = memory_.get();
  for (const std::size_t size : network.tensor_sizes()) {
    tensors_.push_back(next);
    next += rounded(size);
  }
  gradients_[0] = next;
  gradients_[1] = next + rounded(network.gradient_size());
}

void Walk::forward(std::size_t index, const BandRange& bands) {
  const Layer& layer = network_.layers()[index];
  GatherCall call;
  call.plan = &layer.forward;
  call.weight = layer.forward_weight.data();
  call.bias = layer.bias.data();
  call.in = tensors_[layer.input];
  call.out = output(index);
  call.relu = layer.relu;
  call.bands = bands;
  network_.kernels().gather(call);
}

void Walk::output_rows(const OutputCall& wanted, const RowBand& rows) {
  const std::size_t lanes = network_.kernels().lanes;
  const Extent& extent = network_.spec().input;
  const auto width = static_cast<std::size_t>(extent.width);
  const std::size_t plane = width * static_cast<std::size_t>(extent.height);
  OutputCall call = wanted;
  call.count = static_cast<std::size_t>(rows.end - rows.begin) * width;
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(extent.channels); ++channel) {
    const std::size_t first =
        (channel * plane + static_cast<std::size_t>(rows.begin) * width) * lanes;
    call.logits = output(network_.output_layer()) + first;
    call.images = image() + first;
    call.reconstruction =
        wanted.reconstruction == nullptr ? nullptr : wanted.reconstruction + first;
    call.gradient = wanted.gradient == nullptr ? nullptr : wanted.gradient + first;
    network_.kernels().output(call);
  }
}

void Walk::forward(std::size_t begin, std::size_t end) {
  for (std::size_t layer = begin; layer < end; ++layer) {
    forward(layer);
  }
}

void Walk::backward(std::size_t index, const float* out, float* in, bool accumulate) {
  const Layer& layer = network_.layers()[index];
  GatherCall call;
  call.plan = &layer.backward;
  call.weight = layer.backward_weight.data();
  call.in = out;
  call.out = in;
  call.accumulate = accumulate;
  const bool from_layer = layer.input >= 1 && layer.input <= network_.layers().size();
  if (from_layer && network_.layers()[layer.input - 1].relu) {
    call.active = tensors_[layer.input];
  }
  network_.kernels().gather(call);
}

void Walk::weight_gradient(std::size_t index, const ChannelBlock& block,
                           const float* output_gradient, float* out, bool accumulate,
                           const BandRange& bands) {
  const Layer& layer = network_.layers()[index];
  const bool small_is_output = layer.forward.direction == Direction::kToSmall;
  WeightCall call;
  call.plan = &layer.weight;
  call.small = small_is_output ? output_gradient : tensors_[layer.input];
  call.large = small_is_output ? tensors_[layer.input] : output_gradient;
  call.block = block;
  call.out = out;
  call.accumulate = accumulate;
  call.bands = bands;
  network_.kernels().weight_gradient(call);
}

}  // namespace gradspace::gradient
