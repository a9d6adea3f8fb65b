// One optimiser step of GradCon (equations: gradspace/gradcon.h; passes: passes.h).
#pragma once

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradient/alignment/passes.h"
#include "gradient/network.h"
#include "gradient/optimiser.h"
#include "gradspace/training_backend.h"

namespace gradspace::gradient::alignment {

/// Of a batch.
struct BatchLosses {
  double error = 0;   ///< mean over pixels and images
  double cosine = 0;  ///< mean over up layers of the batch's; 0 before the first step
  double kld = 0;     ///< mean over images

  /// What is minimised, for images of so many pixels.
  double loss(const GradConOptions& options, std::size_t pixels) const {
    return error - options.alignment * cosine +
           options.kld_weight / static_cast<double>(pixels) * kld;
  }
};

class Trainer {
 public:
  Trainer(const Model& initial, const GradConOptions& options, double learning_rate);

  /// One Adam step: images_u8_nhwc [n,H,W,C], noise [n,latent] standard normal. Returns the losses
  /// before it.
  BatchLosses step(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                   std::span<const float> noise);
  /// Losses with z = mu, no step.
  BatchLosses evaluate(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n);
  /// Reconstructions with z = mu, [n,C,H,W].
  void reconstruct(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                   std::span<float> out);

  /// `Parameters::state`, and the mean gradients as "mean.<name>". With `restore` of them and the number
  /// of steps, training goes on bit for bit. Throws InvalidArgument for a state of another model.
  TensorMap state() const;
  void restore(const TensorMap& state, std::int64_t steps);

  /// The gradient of the last step's loss, by parameter.
  TensorMap last_gradient() const;

 private:
  /// An up layer's part in the alignment term.
  struct Alignment {
    std::size_t layer = 0;
    Tensor mean;
    std::vector<float> direction;
  };
  /// A part of a weight that one task sums over the batch.
  struct Task {
    std::size_t layer = 0;
    ChannelBlock block;
  };
  enum class Sum { kGradient, kHessianProduct };

  BatchLosses first_pass(const Batch& batch, bool gradients);
  void reduce(Sum sum, std::size_t begin, std::size_t end, std::size_t groups);
  void reduce_weight(Sum sum, const Task& task, std::size_t groups, float* slab);
  void reduce_bias(Sum sum, std::size_t layer, std::size_t groups);
  double cosine() const;
  bool set_directions();
  void update_means();

  GradConOptions options_;
  const Kernels& kernels_;
  Network network_;
  Workspace workspace_;
  Passes passes_;
  Parameters parameters_;
  std::vector<Alignment> alignments_;
  std::vector<Task> tasks_;
  Direction direction_;
  /// What a thread sums a weight's part in.
  oneapi::tbb::enumerable_thread_specific<AlignedFloats> slabs_;
};

}  // namespace gradspace::gradient::alignment
