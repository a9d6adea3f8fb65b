// Numbers that describe a picture, or what a model leaves of it: energies by frequency and by place,
// correlations between channels, tones. All are of pictures in [0, 1] and of any size; energies are
// per sample and in logarithms, with a floor at the energy of rounding to 8 bits.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "detect/one_class/matrix.h"
#include "gradspace/one_class.h"

namespace gradspace {

/// The orthonormal DCT-II as a matrix [frequency, sample], made once a size.
std::shared_ptr<const std::vector<float>> dct_matrix(std::size_t n);

/// Planes of one picture; three are luma and two opponent colours, (R + G + B) / sqrt 3,
/// (R - G) / sqrt 2, (R + G - 2 B) / sqrt 6: an orthonormal change of basis, so that energies add up.
struct Planes {
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::vector<float> values;  ///< [channels, height, width]

  std::size_t area() const { return height * width; }
  std::span<const float> plane(std::size_t c) const { return {values.data() + c * area(), area()}; }
};

/// The image itself.
Planes image_planes(const Observations& observations, std::size_t i);

/// The residual: the image less its reconstruction.
Planes residual_planes(const Observations& observations, std::size_t i);

/// Adds the mean squared DCT coefficient of `bands` rings of frequency for each plane, in logarithms.
/// Rings are equally wide in |(u / height, v / width)| up to 1, where the last one goes on; the mean
/// (u = v = 0) is in none.
void add_band_energies(const Planes& planes, std::size_t bands, std::vector<double>& out);

/// The same for seven rings, narrow ones at low frequencies, each in three directions: along rows,
/// along columns, between.
void add_directional_energies(const Planes& planes, std::vector<double>& out);

/// Adds how the planes of three go together: for each two of them, the correlation of their DCT coefficients in
/// each of the same seven rings, as Fisher's z = atanh(rho). None for another number of planes.
void add_band_correlations(const Planes& planes, std::vector<double>& out);

/// Adds, for each channel of the image as it is, the logarithm of the share of its samples on each of sixteen
/// levels, (count + 1) / samples: 0 alone, 255 alone, and fourteen between, narrow ones in the shadows.
void add_levels(const Observations& observations, std::size_t i, std::vector<double>& out);

/// Adds quantiles (5, 25, 50, 75, 95 %) over a grid of 7 x 7 blocks of each block's energy in two
/// bands (what a Gaussian of sigma 1 takes away; the difference of sigmas 1 and 2), by plane.
void add_local_energies(const Planes& planes, std::vector<double>& out);

/// Adds the correlation of each two planes in three bands, fine to coarse.
void add_channel_correlations(const Planes& planes, std::vector<double>& out);

/// Adds what tells light from dark and bright from pale: logarithms of eleven quantiles of each
/// channel's samples; means and log deviations of the planes; log mean brightness and saturation.
void add_tones(const Observations& observations, std::size_t i, std::vector<double>& out);

/// Rows out of a function that describes image `i`.
Matrix describe_images(
    const Observations& observations,
    const std::function<void(const Observations&, std::size_t i, std::vector<double>&)>& describe);

}  // namespace gradspace
