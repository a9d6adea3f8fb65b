// The passes of a GradCon training step on the engine's kernels, lane group by lane group.
//
// First pass: forward, squared error, backward to the outputs of the decoder's first up layer. It
// leaves the inputs of the up layers' weight gradients g. From g and the mean gradients follows a
// direction v in the space of those weights. Second pass: the derivative of all that along v
// (Pearlmutter 1994). With p_l = W_l a_l + b_l, a_{l+1} = relu(p_l) and d_l the error's derivative by
// p_l, and a dot for a derivative along v,
//   p._l     = v_l a_l + W_l a._l                          (a. = 0 at the decoder's input)
//   d._L     = (second derivative of the error by the logits) p._L
//   d._{l-1} = relu'(p_{l-1}) (W_l^T d._l + v_l^T d_l)     (a relu has no second derivative)
// so that the Hessian's product with v is d._l a_l^T + d_l a._l^T for an up layer's weight, and for
// all before the decoder, where both v and a. are 0, the backward pass of d. joins that of d.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradient/lane_group.h"
#include "gradient/network.h"

namespace gradspace::gradient::alignment {

/// Where a batch's tensors lie: a lane group's one after the other, groups a fixed step apart, so
/// that a weight's gradient is summed over groups in one call.
class Workspace {
 public:
  /// `network` must outlive it.
  explicit Workspace(const Network& network);

  /// Room for so many lane groups. What was there is lost.
  void reserve(std::size_t groups);
  std::ptrdiff_t group_step() const { return static_cast<std::ptrdiff_t>(group_size_); }

  /// Tensor `id` of the network's walk: the image, outputs (the last layer's: logits), the code.
  float* activation(std::size_t group, std::size_t id) { return at(group, activations_[id]); }
  /// The error's derivative by layer `layer`'s output before the activation; of layers before the
  /// decoder, after the second pass, the loss's.
  float* gradient(std::size_t group, std::size_t layer) { return at(group, gradients_[layer]); }
  /// Of up layers: derivatives along v of the output and of `gradient`.
  float* tangent(std::size_t group, std::size_t layer) { return at(group, tangents_[layer]); }
  float* gradient_tangent(std::size_t group, std::size_t layer) {
    return at(group, gradient_tangents_[layer]);
  }
  float* reconstruction(std::size_t group) { return at(group, reconstruction_); }
  float* curvature(std::size_t group) { return at(group, curvature_); }
  float* noise(std::size_t group) { return at(group, noise_); }
  float* deviation(std::size_t group) { return at(group, deviation_); }
  float* code_gradient(std::size_t group) { return at(group, code_gradient_); }
  /// Of the size of the first up layer's output.
  float* scratch(std::size_t group) { return at(group, scratch_); }

 private:
  float* at(std::size_t group, std::size_t offset) {
    return memory_.get() + group * group_size_ + offset;
  }

  std::vector<std::size_t> activations_;
  std::vector<std::size_t> gradients_;
  std::vector<std::size_t> tangents_;
  std::vector<std::size_t> gradient_tangents_;
  std::size_t reconstruction_ = 0;
  std::size_t curvature_ = 0;
  std::size_t noise_ = 0;
  std::size_t deviation_ = 0;
  std::size_t code_gradient_ = 0;
  std::size_t scratch_ = 0;
  std::size_t group_size_ = 0;
  std::size_t groups_ = 0;
  AlignedFloats memory_;
};

/// v, packed for the kernels; by layer, empty but for up layers.
struct Direction {
  std::vector<std::vector<float>> forward;
  std::vector<std::vector<float>> backward;

  /// `values` in the weight's own order.
  void set(const Network& network, std::size_t layer, std::span<const float> values);
};

/// Sums over a group's images.
struct GroupSums {
  double squares = 0;
  double kld = 0;
};

/// A batch's images and noise, viewed.
struct Batch {
  std::size_t count = 0;
  const std::uint8_t* images_u8_nhwc = nullptr;
  const float* noise = nullptr;  ///< [count, latent]; null: z = mu
};

class Passes {
 public:
  /// Both must outlive it.
  Passes(const Network& network, Workspace& workspace);

  std::size_t first_up() const { return first_up_; }
  std::size_t group_count(std::size_t images) const;

  // Each for one group, in this order; different groups in parallel.

  /// Up to the reconstruction.
  GroupSums forward(const Batch& batch, std::size_t group);
  /// From the reconstruction back to the first up layer's output.
  void backward_decoder(std::size_t group);
  /// All the rest: with a direction its derivatives, else the backward pass's end alone. The KLD
  /// counts `kld_weight`.
  void second(const Batch& batch, std::size_t group, const Direction* direction, float kld_weight);

  // After all groups are through, for the first `groups`.

  /// A block of the gradient of `layer`'s weight, in lanes, into `out`; of up layers the error's
  /// without v.
  void weight_gradient(std::size_t layer, const ChannelBlock& block, std::size_t groups,
                       float* out);
  /// The same of the Hessian's product with v; up layers.
  void hessian_product(std::size_t layer, const ChannelBlock& block, std::size_t groups,
                       float* out);
  /// The gradient of `layer`'s bias, added to `out`; `of` is gradient or gradient_tangent.
  void add_bias_gradient(std::size_t layer, const float* of, float* out) const;

 private:
  enum class Side { kForward, kBackward };
  struct Gather;

  void gather(Side side, std::size_t layer, const float* weight, const Gather& arrays) const;
  const float* active_input(std::size_t layer, std::size_t group);
  LaneGroup lanes_of(const Batch& batch, std::size_t group) const;
  void sample_code(const Batch& batch, std::size_t group);
  void tangents(std::size_t group, const Direction& direction);
  void gradient_tangents(std::size_t group, const Direction& direction);
  void leave_decoder(std::size_t group, const Direction* direction);
  void backward_code(const Batch& batch, std::size_t group, float kld_weight);
  void weight_call(std::size_t layer, const ChannelBlock& block, std::size_t groups,
                   const float* input, const float* output_gradient, bool accumulate, float* out);

  const Network& network_;
  const Kernels& kernels_;
  Workspace& workspace_;
  std::size_t first_up_;
  ImageLoader loader_;
};

}  // namespace gradspace::gradient::alignment
