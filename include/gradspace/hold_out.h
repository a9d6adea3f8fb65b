// How images are parted into those that are learned from and those that judge what was learned.
//
// What is promised of new images (a validation loss, a rate of false alarms) holds where they are exchangeable with
// those that were held out: as far from what was learned as new ones are. Neighbours of a video or of a walk are
// near-copies of one another; held out one by one at random, they promise what new scenes do not keep.
#pragma once

#include <cstddef>
#include <string_view>

#include "gradspace/export.h"

namespace gradspace {

enum class HoldOut {
  kBlocks,   ///< blocks of consecutive names
  kFolders,  ///< whole folders
  kRandom,   ///< each by itself
};

/// "blocks", "folders", "random". Throws InvalidArgument that lists them.
GRADSPACE_API HoldOut parse_hold_out(std::string_view text);
GRADSPACE_API std::string_view name(HoldOut hold_out);

/// Where nobody says: blocks of more than 50 images, of fewer each by itself.
GRADSPACE_API HoldOut default_hold_out(std::size_t images);

}  // namespace gradspace
