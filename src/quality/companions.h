// Companions' formulas, for a metric that is made of them. Each throws as the metric of its name does, and expects
// images of one size that the metric would not refuse.
#pragma once

#include "gradspace/quality.h"

namespace gradspace::quality {

double mdsi(const QualityImage& reference, const QualityImage& distorted);
double haarpsi(const QualityImage& reference, const QualityImage& distorted);

/// Make what the formulas keep of an image.
void keep_mdsi_parts(const QualityImage& image);
void keep_haarpsi_parts(const QualityImage& image);

/// Pixels that the shorter side must have.
inline constexpr int kMdsiLeastSide = 3;  // of the gradient's filter
inline constexpr int kHaarpsiLeastSide = 16;

}  // namespace gradspace::quality
