// Where a photograph is out of distribution, as a picture.
#pragma once

#include "gradspace/photograph.h"

namespace gradspace {

/// The photograph in grey under a veil of heat by the tiles' p-values: nothing is shown at p = 1, the hottest is
/// p = 0.001 and less. RGB, of the photograph's size.
Image draw_heat(const ImageView& photograph, const PhotographScore& score, const Tiling& tiling);

/// The same with a scale below it that says what the colours mean.
Image draw_tile_map(const ImageView& photograph, const PhotographScore& score,
                    const Tiling& tiling);

}  // namespace gradspace
