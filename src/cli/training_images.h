// The images that the commands train on.
#pragma once

#include <memory>

#include "gradspace/train.h"
#include "gradspace/training_images.h"

namespace gradspace::cli {

struct TrainingImages {
  std::unique_ptr<ImageStore> train;
  std::unique_ptr<ImageStore> validation;
};

/// Reads the images, their files decoded as said, and says, unless quiet, how many there are and which could not be
/// read. Throws InvalidArgument, IoError, FormatError.
TrainingImages load_training_images(const TrainingSources& sources, const Extent& extent,
                                    Decoding decoding, bool quiet);

}  // namespace gradspace::cli
