// Gradient magnitude similarity deviation, which gmsd and ms-gmsd-c are made of.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "quality/colour_planes.h"
#include "quality/plane.h"

namespace gradspace::quality {

/// The constant of Xue et al. for samples of 0 to 255.
inline constexpr float kGmsConstant = 170;

/// Prewitt's gradient of the halved luma; kept in the image.
const Plane& halved_gradient(const QualityImage& image);

/// The standard deviation over all pixels of ((2 - m) a b + c) / (a^2 + b^2 - m a b + c), where m masks. Exactly 0
/// where both planes are the same.
double similarity_deviation(const Plane& a, const Plane& b, float masking);

}  // namespace gradspace::quality
