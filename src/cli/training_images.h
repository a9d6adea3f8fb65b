// What the commands that train have in common: which images, and what becomes of the checkpoint.
#pragma once

#include <filesystem>
#include <memory>

#include "gradspace/train.h"
#include "gradspace/training_images.h"

namespace gradspace::cli {

struct TrainingImages {
  std::unique_ptr<ImageStore> train;
  std::unique_ptr<ImageStore> validation;
};

/// Reads the images and says, unless quiet, how many there are and which could not be read. Throws
/// InvalidArgument, IoError, FormatError.
TrainingImages load_training_images(const TrainingSources& sources, const Extent& extent,
                                    bool quiet);

/// Once the model is written: removes the checkpoint, or says how to go on from it.
void leave_checkpoint(bool stopped, const std::filesystem::path& checkpoint);

}  // namespace gradspace::cli
