// Saliency by simple priors (SDSP): Zhang, Gu, Li, IEEE International Conference on Image Processing (2013), with the
// constants of visual saliency-induced quality (VSI).
#pragma once

#include <cstddef>

#include "core/aligned_array.h"
#include "gradspace/image.h"
#include "quality/colour_planes.h"
#include "quality/plane.h"
#include "simd/fourier.h"

namespace gradspace::quality {

/// Thread-safe.
class SaliencyModel {
 public:
  SaliencyModel();

  /// How much each block of the grid draws the eye, 0 to 1; the most and the least salient pixel of the image, not
  /// of the blocks, have 1 and 0. Zeros for an image that is flat.
  ///
  /// The image is resized to 256x256 by bilinear interpolation, which does not smooth what is made smaller, and
  /// taken to CIE Lab (white point D50). What each pixel stands out by is a band-pass of all three channels,
  /// times a prior for warm colours and one for the middle of the picture; that is resized to the image's size.
  Plane saliency(const Image& rgb, const BlockGrid& grid) const;

 private:
  /// The map of 256x256.
  Plane small_map(const Image& rgb) const;

  simd::PlaneFourier fourier_;
  AlignedArray<float> band_pass_;  ///< lies as spectra do
  Plane middle_;                   ///< the prior for the middle
};

/// Three planes of R, G and B, 0 to 255, to CIE L*, a* and b* of the white point D50, in place.
void to_lab(ColourPlanes& planes);

}  // namespace gradspace::quality
