#include "gradient/alignment/passes.h"

#include <algorithm>

#include "core/round_up.h"

namespace gradspace::gradient::alignment {

void Direction::set(const Network& network, std::size_t index, std::span<const float> values) {
  const Layer& layer = network.layers()[index];
  forward.resize(network.layers().size());
  backward.resize(network.layers().size());
  forward[index].resize(values.size());
  backward[index].resize(values.size());
  pack_weight(layer.geometry, layer.forward, values, forward[index]);
  pack_weight(layer.geometry, layer.backward, values, backward[index]);
}

struct Passes::Gather {
  const float* in = nullptr;
  float* out = nullptr;
  const float* active = nullptr;
  bool accumulate = false;
  bool activate = false;  ///< bias and, where the layer has one, relu
};

Passes::Passes(const Network& network, Workspace& workspace)
    : network_(network),
      kernels_(network.kernels()),
      workspace_(workspace),
      first_up_(network.layers().size() - network.spec().up.size()),
      loader_(network.kernels(), network.spec().input) {}

std::size_t Passes::group_count(std::size_t images) const {
  return block_count(kernels_.lanes, images);
}

LaneGroup Passes::lanes_of(const Batch& batch, std::size_t group) const {
  const std::size_t first = group * kernels_.lanes;
  return {first, std::min(kernels_.lanes, batch.count - first)};
}

void Passes::gather(Side side, std::size_t index, const float* weight, const Gather& arrays) const {
  const Layer& layer = network_.layers()[index];
  GatherCall call;
  call.plan = side == Side::kForward ? &layer.forward : &layer.backward;
  call.weight = weight;
  call.bias = arrays.activate ? layer.bias.data() : nullptr;
  call.relu = arrays.activate && layer.relu;
  call.in = arrays.in;
  call.out = arrays.out;
  call.active = arrays.active;
  call.accumulate = arrays.accumulate;
  kernels_.gather(call);
}

/// The layer's input where a relu made it, else null.
const float* Passes::active_input(std::size_t layer, std::size_t group) {
  const std::size_t input = network_.layers()[layer].input;
  const bool from_layer = input >= 1 && input <= network_.layers().size();
  return from_layer && network_.layers()[input - 1].relu ? workspace_.activation(group, input)
                                                         : nullptr;
}

GroupSums Passes::forward(const Batch& batch, std::size_t group) {
  const LaneGroup lanes = lanes_of(batch, group);
  const auto run = [&](std::size_t layer) {
    gather(Side::kForward, layer, network_.layers()[layer].forward_weight.data(),
           {.in = workspace_.activation(group, network_.layers()[layer].input),
            .out = workspace_.activation(group, layer + 1),
            .activate = true});
  };
  loader_.load(lanes, batch.images_u8_nhwc, workspace_.activation(group, 0));
  for (std::size_t layer = 0; layer < network_.decoder_begin(); ++layer) {
    run(layer);
  }
  GroupSums sums;
  alignas(kAlignment) std::array<double, kMaxLanes> lane_sums{};
  if (network_.bottleneck()) {
    kernels_.kld({network_.latent(), workspace_.activation(group, network_.fc11() + 1),
                  workspace_.activation(group, network_.fc12() + 1), lane_sums.data()});
    sums.kld = lanes.sum(lane_sums);
    sample_code(batch, group);
  }
  for (std::size_t layer = network_.decoder_begin(); layer < network_.layers().size(); ++layer) {
    run(layer);
  }
  OutputCall output;
  output.count = network_.image_size();
  output.logits = workspace_.activation(group, network_.layers().size());
  output.images = workspace_.activation(group, 0);
  output.reconstruction = workspace_.reconstruction(group);
  kernels_.output(output);

  SquareCall square;
  alignas(kAlignment) std::array<float, kMaxLanes> weights{};
  const auto pixels = static_cast<double>(network_.image_size());
  std::fill_n(weights.begin(), lanes.count,
              static_cast<float>(1 / (static_cast<double>(batch.count) * pixels)));
  square.count = network_.image_size();
  square.images = workspace_.activation(group, 0);
  square.reconstruction = workspace_.reconstruction(group);
  square.weight = weights.data();
  square.squares = lane_sums.data();
  square.gradient = workspace_.gradient(group, network_.output_layer());
  square.curvature = workspace_.curvature(group);
  kernels_.square(square);
  sums.squares = lanes.sum(lane_sums);
  return sums;
}

/// z = mu + exp(logvar / 2) noise, or mu.
void Passes::sample_code(const Batch& batch, std::size_t group) {
  const float* const mu = workspace_.activation(group, network_.fc11() + 1);
  float* const code = workspace_.activation(group, network_.code_tensor());
  if (batch.noise == nullptr) {
    std::copy_n(mu, network_.latent() * kernels_.lanes, code);
    return;
  }
  load_values(kernels_, lanes_of(batch, group), batch.noise, network_.latent(),
              workspace_.noise(group));
  kernels_.sample(mu, workspace_.activation(group, network_.fc12() + 1), workspace_.noise(group),
                  network_.latent(), workspace_.deviation(group), code);
}

void Passes::backward_decoder(std::size_t group) {
  for (std::size_t layer = network_.output_layer(); layer > first_up_; --layer) {
    gather(Side::kBackward, layer, network_.layers()[layer].backward_weight.data(),
           {.in = workspace_.gradient(group, layer),
            .out = workspace_.gradient(group, layer - 1),
            .active = active_input(layer, group)});
  }
}

void Passes::second(const Batch& batch, std::size_t group, const Direction* direction,
                    float kld_weight) {
  if (direction != nullptr) {
    tangents(group, *direction);
    gradient_tangents(group, *direction);
  }
  leave_decoder(group, direction);
  if (network_.bottleneck()) {
    backward_code(batch, group, kld_weight);
  }
  for (std::size_t layer = network_.encoder_end() - 1; layer > 0; --layer) {
    gather(Side::kBackward, layer, network_.layers()[layer].backward_weight.data(),
           {.in = workspace_.gradient(group, layer),
            .out = workspace_.gradient(group, layer - 1),
            .active = active_input(layer, group)});
  }
}

void Passes::tangents(std::size_t group, const Direction& direction) {
  for (std::size_t layer = first_up_; layer < network_.layers().size(); ++layer) {
    Gather arrays;
    arrays.in = workspace_.activation(group, network_.layers()[layer].input);
    arrays.out = workspace_.tangent(group, layer);
    arrays.active =
        network_.layers()[layer].relu ? workspace_.activation(group, layer + 1) : nullptr;
    gather(Side::kForward, layer, direction.forward[layer].data(), arrays);
    if (layer > first_up_) {
      arrays.in = workspace_.tangent(group, layer - 1);
      arrays.accumulate = true;
      gather(Side::kForward, layer, network_.layers()[layer].forward_weight.data(), arrays);
    }
  }
}

void Passes::gradient_tangents(std::size_t group, const Direction& direction) {
  const std::size_t output = network_.output_layer();
  float* const at_logits = workspace_.gradient_tangent(group, output);
  std::copy_n(workspace_.tangent(group, output), network_.image_size() * kernels_.lanes, at_logits);
  kernels_.multiply(workspace_.curvature(group), network_.image_size(), at_logits);
  for (std::size_t layer = output; layer > first_up_; --layer) {
    Gather arrays;
    arrays.in = workspace_.gradient_tangent(group, layer);
    arrays.out = workspace_.gradient_tangent(group, layer - 1);
    arrays.active = active_input(layer, group);
    gather(Side::kBackward, layer, network_.layers()[layer].backward_weight.data(), arrays);
    arrays.in = workspace_.gradient(group, layer);
    arrays.accumulate = true;
    gather(Side::kBackward, layer, direction.backward[layer].data(), arrays);
  }
}

/// The loss's derivative at the first up layer's input: W^T (d + d.) + v^T d.
void Passes::leave_decoder(std::size_t group, const Direction* direction) {
  const std::size_t producer = network_.layers()[first_up_].input - 1;
  Gather arrays;
  arrays.in = workspace_.gradient(group, first_up_);
  arrays.out = workspace_.gradient(group, producer);
  arrays.active = active_input(first_up_, group);
  if (direction != nullptr) {
    const std::size_t size = network_.tensor_sizes()[first_up_ + 1];
    float* const sum = workspace_.scratch(group);
    std::copy_n(arrays.in, size * kernels_.lanes, sum);
    kernels_.add(workspace_.gradient_tangent(group, first_up_), size, sum);
    arrays.in = sum;
  }
  gather(Side::kBackward, first_up_, network_.layers()[first_up_].backward_weight.data(), arrays);
  if (direction != nullptr) {
    arrays.in = workspace_.gradient(group, first_up_);
    arrays.accumulate = true;
    gather(Side::kBackward, first_up_, direction->backward[first_up_].data(), arrays);
  }
}

/// From fc2's output through the sampled code to the encoder's last output.
void Passes::backward_code(const Batch& batch, std::size_t group, float kld_weight) {
  const std::size_t fc2 = network_.decoder_begin();
  const std::size_t fc11 = network_.fc11();
  const std::size_t fc12 = network_.fc12();
  gather(Side::kBackward, fc2, network_.layers()[fc2].backward_weight.data(),
         {.in = workspace_.gradient(group, fc2), .out = workspace_.code_gradient(group)});
  alignas(kAlignment) std::array<float, kMaxLanes> weights{};
  std::fill_n(weights.begin(), lanes_of(batch, group).count, kld_weight);
  Kernels::SampleGradient sample;
  sample.count = network_.latent();
  sample.mu = workspace_.activation(group, fc11 + 1);
  sample.deviation = workspace_.deviation(group);
  sample.noise = workspace_.noise(group);
  sample.z_gradient = workspace_.code_gradient(group);
  sample.weight = weights.data();
  sample.mu_gradient = workspace_.gradient(group, fc11);
  sample.logvar_gradient = workspace_.gradient(group, fc12);
  kernels_.sample_gradient(sample);
  Gather arrays;
  arrays.in = sample.mu_gradient;
  arrays.out = workspace_.gradient(group, network_.encoder_end() - 1);
  arrays.active = active_input(fc11, group);
  gather(Side::kBackward, fc11, network_.layers()[fc11].backward_weight.data(), arrays);
  arrays.in = sample.logvar_gradient;
  arrays.accumulate = true;
  gather(Side::kBackward, fc12, network_.layers()[fc12].backward_weight.data(), arrays);
}

void Passes::weight_gradient(std::size_t layer, const ChannelBlock& block, std::size_t groups,
                             float* out) {
  weight_call(layer, block, groups, workspace_.activation(0, network_.layers()[layer].input),
              workspace_.gradient(0, layer), /*accumulate=*/false, out);
}

void Passes::hessian_product(std::size_t layer, const ChannelBlock& block, std::size_t groups,
                             float* out) {
  weight_call(layer, block, groups, workspace_.activation(0, network_.layers()[layer].input),
              workspace_.gradient_tangent(0, layer), /*accumulate=*/false, out);
  if (layer > first_up_) {
    weight_call(layer, block, groups, workspace_.tangent(0, layer - 1),
                workspace_.gradient(0, layer), /*accumulate=*/true, out);
  }
}

void Passes::weight_call(std::size_t index, const ChannelBlock& block, std::size_t groups,
                         const float* input, const float* output_gradient, bool accumulate,
                         float* out) {
  const Layer& layer = network_.layers()[index];
  const bool small_is_output = layer.forward.direction == gradient::Direction::kToSmall;
  WeightCall call;
  call.plan = &layer.weight;
  call.small = small_is_output ? output_gradient : input;
  call.large = small_is_output ? input : output_gradient;
  call.groups = static_cast<int>(groups);
  call.group_step = workspace_.group_step();
  call.block = block;
  call.out = out;
  call.accumulate = accumulate;
  kernels_.weight_gradient(call);
}

void Passes::add_bias_gradient(std::size_t layer, const float* of, float* out) const {
  const GatherPlan& plan = network_.layers()[layer].forward;
  kernels_.add_channel_sums(of, static_cast<std::size_t>(plan.out_channels), plan.out_plane, out);
}

}  // namespace gradspace::gradient::alignment
