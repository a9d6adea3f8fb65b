// What the commands that train have in common: which images.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gradspace/train.h"

namespace gradspace::cli {

struct TrainingImages {
  std::unique_ptr<ImageStore> train;
  std::unique_ptr<ImageStore> validation;
};

struct TrainingSources {
  std::string data;
  std::string validation;  ///< empty: split off from `data` (train/split.h)
  std::string kind = "auto";
  std::uint64_t seed = 0;           ///< of the split
  std::optional<int> object_class;  ///< of both, the images of this class alone
};

/// Reads the images and says, unless quiet, how many there are and which could not be read. Throws
/// InvalidArgument, IoError, FormatError.
TrainingImages load_training_images(const TrainingSources& sources, const Extent& extent,
                                    bool quiet);

}  // namespace gradspace::cli
