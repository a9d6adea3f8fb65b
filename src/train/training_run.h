// The training loop, whatever it minimises.
#pragma once

#include "gradspace/train.h"
#include "train/objective.h"

namespace gradspace {

/// What a call of a training function is given; viewed.
struct TrainingTask {
  const AutoencoderSpec& spec;
  const ImageStore& train;
  const ImageStore& validation;
  const TrainOptions& options;
  const TrainObserver& observer;
};

/// Checks the task, then trains until all epochs are run or it is stopped. The objective begins with
/// `initialise(spec, options.seed)`. Throws as `train_autoencoder`.
TrainResult run_training(const TrainingTask& task, Objective& objective);

}  // namespace gradspace
