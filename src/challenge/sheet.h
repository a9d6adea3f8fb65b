// A contact sheet: one image under all challenges and levels, with labels, to be looked at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gradspace/challenge.h"
#include "gradspace/image.h"

namespace gradspace::challenge {

struct SheetOptions {
  std::vector<Type> types;  ///< a row each; empty = all
  std::vector<int> levels;  ///< a column each beside the original; empty = all
  std::uint64_t seed = 0;   ///< of the run
  std::string key;          ///< the image's, as for `image_seed`
  Options challenge;
  /// The longer side of a cell, pixels. Larger images are challenged at their own size, then
  /// reduced to it; smaller ones are enlarged by whole factors.
  int cell_px = 180;
};

/// Three channels. Throws what `apply` throws.
Image contact_sheet(const Image& image, const SheetOptions& options);

}  // namespace gradspace::challenge
