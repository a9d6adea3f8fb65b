// From a picture to the patches the linear decoder sees.
//
// A patch is 192 values: 8x8 pixels column by column, the left column first, then channel by channel
// (luma, green, red difference). Patches lie one after the other, so that a set of P patches is a
// 192 x P matrix, column-major, or P rows of 192.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/uninitialised.h"
#include "gradspace/image.h"
#include "gradspace/linear_decoder.h"

namespace gradspace::quality {

inline constexpr int kPatchSide = 8;
inline constexpr std::size_t kPatchSize = LinearDecoder::kVisible;
inline constexpr std::size_t kMinPatches = 4;

/// Added to the eigenvalues of the covariance.
inline constexpr double kWhiteningEpsilon = 0.1;

/// Half the size, rounded up, as MATLAB's imresize(image, 0.5): bicubic, antialiased, edges mirrored
/// with the edge pixel repeated, one rounding (half up) at the end.
Image halve(const Image& image);

/// Luma, green, red difference (MATLAB's rgb2ycbcr for 8 bits, BT.601 in studio range, with the green
/// channel of RGB in Cb's place).
Image to_ygcr(const Image& rgb);

/// Patches with values within [0, 1], or what became of them.
struct Patches {
  std::size_t count = 0;
  UninitialisedVector<float> values = {};  ///< [count, kPatchSize]
  int columns = 0;                         ///< of the picture that they were cut from; else 0
  int rows = 0;

  std::span<float> patch(std::size_t i) {
    return std::span(values).subspan(i * kPatchSize, kPatchSize);
  }
  std::span<const float> patch(std::size_t i) const {
    return std::span(values).subspan(i * kPatchSize, kPatchSize);
  }
};

/// Whole 8x8 patches side by side, row of patches by row; what is left over at the right and below is
/// not used. None where the image is smaller.
Patches cut_patches(const Image& ygcr);

/// Where patch value `i` lies: its channel and its place within the patch.
struct PatchPlace {
  int channel;
  int x;
  int y;
};
constexpr PatchPlace place_of(std::size_t i) {
  const int index = static_cast<int>(i);
  constexpr int kPlane = kPatchSide * kPatchSide;
  return {index / kPlane, index % kPlane / kPatchSide, index % kPatchSide};
}

/// `halve`, `to_ygcr` and `cut_patches` of an image, grey or RGB, by rows of patches on several threads.
Patches image_patches(const Image& image);

/// Takes the mean patch off. `patches` are not empty.
void subtract_mean(Patches& patches);

/// Row-major [kPatchSize, kPatchSize], divided by the number of patches. Their mean is taken as 0.
std::vector<double> covariance(const Patches& patches);

/// Row-major (covariance + kWhiteningEpsilon I)^(-1/2): ZCA.
std::vector<float> whitening_matrix(std::span<const double> covariance);

/// The same in float64, in twice the time: float32's rounding adds up to some 1e-6 of its values.
std::vector<double> precise_whitening_matrix(std::span<const double> covariance);

/// Up to so many patches whitening_matrix_of_few is the faster way.
inline constexpr std::size_t kFewPatches = 32;

/// The same in float64 from patches whose mean is 0. They are not empty.
std::vector<double> whitening_matrix_of_few(const Patches& patches);

/// Multiplies every patch by the (symmetric) matrix.
void whiten(Patches& patches, std::span<const float> matrix);

}  // namespace gradspace::quality
