// One step of training: what the training loop (gradspace/train.h) asks of the native engine and of
// LibTorch alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "gradspace/export.h"
#include "gradspace/model.h"
#include "gradspace/ranks.h"

namespace gradspace {

/// Sums over images.
struct LossSums {
  double bce = 0;
  double kld = 0;
};

/// How a step is taken.
struct GRADSPACE_API StepOptions {
  double learning_rate = 1e-3;  ///< Adam, betas 0.9 and 0.999, epsilon 1e-8; over 0
  double beta = 1.0;            ///< weight of the KLD; at least 0

  /// Throws InvalidArgument naming the option.
  void validate() const;
};

/// What a step of GradCon's objective (gradspace/gradcon.h) has beside the learning rate.
struct GRADSPACE_API GradConOptions {
  double alignment = 0.03;   ///< weight of the alignment term; 0 trains without it
  double kld_weight = 0.02;  ///< for a variational autoencoder: twice the pixels' variance
  bool mean_of_loss = true;  ///< m over gradients of the loss; false: of the error alone

  /// Throws InvalidArgument naming the option.
  void validate() const;
};

/// An optimiser at work on one model.
class GRADSPACE_API TrainingBackend {
 public:
  virtual ~TrainingBackend() = default;

  /// One Adam step on a batch: images_u8_nhwc [n,H,W,C], noise [n,latent] standard normal
  /// (z = mu + exp(logvar/2) * noise). Returns the losses before the step.
  virtual LossSums step(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                        std::span<const float> noise) = 0;

  /// Losses with z = mu, no step.
  virtual LossSums evaluate(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n) = 0;

  /// Reconstructions with z = mu, [n,C,H,W] into `out`.
  virtual void reconstruct(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                           std::span<float> out) = 0;

  /// The weights by their names; Adam's moments as "adam.m.<name>" and "adam.v.<name>". With
  /// `restore` of them and the number of steps, training goes on bit for bit.
  virtual TensorMap state() const = 0;
  /// `steps`: how many steps Adam has taken.
  virtual void restore(const TensorMap& state, std::int64_t steps) = 0;
};

/// The native backend: the engine's passes with the gradients of all images of a batch summed. With `ranks`, which
/// outlive it, every rank makes one of the same model and options, and calls `step` and `evaluate` with the same whole
/// batches: each works through a share of the images, and all take the same step. The weights have the same bits for
/// any number of ranks, and as without any. Throws InvalidArgument for a model or options that do not validate.
GRADSPACE_API std::unique_ptr<TrainingBackend> make_native_training(const Model& initial,
                                                                    const StepOptions& options,
                                                                    Ranks* ranks = nullptr);

}  // namespace gradspace
