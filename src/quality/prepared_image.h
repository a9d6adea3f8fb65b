// What the two learned scores want of an image.
#pragma once

#include <vector>

#include "decoder/preparation.h"
#include "gradspace/quality.h"

namespace gradspace::quality {

struct PreparedImage {
  /// Of the halved image; their mean is taken off, but they are not whitened yet: whitening is cheaper
  /// once it is multiplied into the matrix that comes after it.
  Patches patches;
  int columns = 0;
  int rows = 0;
  /// Symmetric, kPatchSize x kPatchSize.
  std::vector<double> covariance;
  /// Of the same form.
  std::vector<float> whitening;
  /// Whether any two patches differ.
  bool has_variance = false;
};

/// Throws InvalidArgument for fewer than kMinPatches patches; `name` stands in the message.
PreparedImage prepare(const Image& rgb, const std::string& name);

/// Throws InvalidArgument unless both images have one size.
void check_sizes(const QualityImage& reference, const QualityImage& distorted);

/// Whether the images are the same, which settles any score. Throws InvalidArgument where they are
/// not and one of them has no variance: then its features are the decoder's own, whatever it shows.
bool identical_or_comparable(const QualityImage& reference, const QualityImage& distorted);

/// |correlation|^10: both learned scores.
double score_of(double correlation);

}  // namespace gradspace::quality
