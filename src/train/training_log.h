// What a training run shows in TensorBoard: after every epoch loss, BCE and KLD an image for
// training and validation, now and then some validation images above their reconstructions. The
// step of an event is its epoch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "gradspace/train.h"
#include "train/event_file.h"

namespace gradspace {

/// A picture of two rows: images spread evenly over `validation`, and their reconstructions below.
/// `reconstruct`: as TrainingBackend::reconstruct.
Image reconstruction_strip(
    const ImageStore& validation,
    const std::function<void(std::span<const std::uint8_t> images, std::size_t n,
                             std::span<float> out)>& reconstruct);

/// Whether such a picture is due after an epoch.
inline bool shows_images(int epoch) {
  return epoch == 1 || epoch % 10 == 0;
}

class TrainingLog {
 public:
  /// `first_epoch` over 1: a continued run.
  TrainingLog(const std::filesystem::path& folder, int first_epoch);

  /// Asks the backend for reconstructions in the first epoch and every tenth.
  void epoch_done(const EpochRecord& record, const ImageStore& validation,
                  TrainingBackend& backend);

 private:
  EventFile file_;
};

}  // namespace gradspace
