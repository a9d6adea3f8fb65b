// Blurs of any size at a cost that hardly depends on it, edges mirrored (the edge sample repeated).
//
// A wide kernel is applied to the picture reduced by whole blocks and enlarged again with bilinear
// interpolation; the kernel is narrowed by the variance that both add, so that the whole has the
// variance asked for.
#pragma once

#include "challenge/plane.h"

namespace gradspace::challenge {

/// Means of blocks of factor x factor samples; what overhangs at the right and below are means of
/// what is there. factor >= 1.
Plane reduce(const Plane& plane, int factor);

/// The inverse of `reduce` in position: bilinear interpolation between block centres.
Plane enlarge(const Plane& plane, int factor, int width, int height);

/// Convolution with a (discrete) Gaussian, cut at three sigma. Both return the gain of white noise that went
/// through: the kernel's Euclidean norm.
float gaussian(Planes& planes, float sigma_px);

/// Convolution with a disc, its rim antialiased; below a radius of half a pixel nothing changes.
float disc(Planes& planes, float radius_px);

}  // namespace gradspace::challenge
