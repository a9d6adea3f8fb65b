// What the metrics want of an image besides its pixels.
#pragma once

#include <vector>

#include "decoder/preparation.h"
#include "gradspace/quality.h"

namespace gradspace::quality {

struct PreparedImage {
  /// Of the halved image; their mean is taken off, but they are not whitened yet: whitening is cheaper
  /// once it is multiplied into the matrix that comes after it.
  Patches patches;
  /// Symmetric, kPatchSize x kPatchSize; empty for at most kFewPatches patches.
  std::vector<double> covariance;
  /// Whether any two patches differ.
  bool has_variance = false;
};

/// The image's own, worked out when it is first asked for. Throws InvalidArgument for fewer than
/// kMinPatches patches.
const PreparedImage& prepared_of(const QualityImage& image);

/// Its whitening matrix, symmetric, kPatchSize x kPatchSize, likewise.
const std::vector<float>& whitening_of(const QualityImage& image);

/// The same in float64, not kept.
std::vector<double> precise_whitening_of(const PreparedImage& image);

/// Its luma in 8 bits, likewise.
const Image& luma_of(const QualityImage& image);

/// Throws InvalidArgument unless both images have one size.
void check_sizes(const QualityImage& reference, const QualityImage& distorted);

/// Whether the images are the same, which settles any score. Throws InvalidArgument where they are
/// not and one of them has no variance: then its features are the decoder's own, whatever it shows.
bool identical_or_comparable(const QualityImage& reference, const QualityImage& distorted);

/// |correlation|^10: both learned scores.
double score_of(double correlation);

}  // namespace gradspace::quality
