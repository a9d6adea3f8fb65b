// What a training run shows in TensorBoard: after every epoch the loss and its terms for training and
// validation, now and then some validation images above their reconstructions. The step of an event is
// its epoch.
#pragma once

#include <filesystem>

#include "gradspace/train.h"
#include "train/event_file.h"
#include "train/objective.h"

namespace gradspace {

class TrainingLog {
 public:
  /// `first_epoch` over 1: a continued run.
  TrainingLog(const std::filesystem::path& folder, int first_epoch);

  /// Asks the objective for reconstructions in the first epoch and every tenth.
  void epoch_done(const EpochRecord& record, const ImageStore& validation, Objective& objective);

 private:
  EventFile file_;
};

}  // namespace gradspace
