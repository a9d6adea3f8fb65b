// How the level and the contrast of an image differ from its reference's, apart from all finer damage.
#pragma once

#include "gradspace/quality.h"

namespace gradspace::quality {

/// The affine map of luma that takes the reference nearest to the distorted image: the mean `pivot` moves by `shift`,
/// and differences from it are multiplied by exp(log_gain).
struct LevelAndContrast {
  double pivot = 0;     ///< levels of 0 to 255
  double shift = 0;     ///< levels; negative where the distorted image is darker
  double log_gain = 0;  ///< negative where the distorted image has less contrast

  bool differs() const { return shift != 0 || log_gain != 0; }
};

/// By least squares between means of blocks, a sixteenth of the shorter side wide: blur, noise and compression hardly
/// move those. Blocks whose mean in the distorted image is almost black or almost white say nothing, as samples may
/// have been clipped there. Differences that hardly anybody sees (a shift of 1, 2 % of contrast) count as none, so that
/// a codec's output is usually compared with the reference as it is; from there to twice that they come in bit by bit.
/// Images of one size.
LevelAndContrast level_and_contrast(const QualityImage& reference, const QualityImage& distorted);

/// The image with that level and contrast; samples are rounded and clipped.
Image adapted(const Image& image, const LevelAndContrast& to);

}  // namespace gradspace::quality
