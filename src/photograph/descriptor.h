// A photograph in numbers: what its tiles' gradients say, and what it looks like.
//
// Of every tile, the energy of its residual in bands of frequency: the Fisher scores of
// src/detect/one_class/spectral_fisher.cpp, second moments of the reconstruction's gradient, which see what a
// sum over positions cancels. The energies of the tile itself, in the same bands, are the plain picture's.
// Over a photograph, each column is told by its mean, its deviation and three quantiles over the tiles.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradspace/image.h"
#include "gradspace/model.h"
#include "photograph/pixel_rows.h"
#include "simd/band_energies.h"

namespace gradspace {

/// Rings of frequency that energies are summed over.
inline constexpr std::size_t kTileBands = 7;

/// Energies of tiles of one size. Keeps its memory from call to call; for one thread at a time.
class TileEnergies {
 public:
  /// `extent` is a tile's: 1 or 3 channels.
  explicit TileEnergies(const Extent& extent);

  /// How many numbers a tile has: bands of each channel, and of the first how each differs from the next.
  std::size_t columns() const { return columns_; }

  /// log(mean squared DCT coefficient) by channel and band, for tiles of values in [0, 1] or differences of such. Three
  /// channels are luma and two opponent colours. Differences of neighbouring bands of the first channel follow, which
  /// do not depend on contrast. `out` is [columns(), tiles.lanes].
  void compute(const LanePictures& tiles, float* out);

 private:
  BandEnergies bands_;
  std::size_t channels_;
  std::size_t columns_;
  LaneMemory memory_;
};

/// What a photograph is told by of a number that each of its tiles has: mean, deviation, and the 2, 10, 50, 90 and 98 %
/// quantiles. Appended to `out`.
void append_summary(std::span<const float> column, std::vector<float>& out);

/// What is counted of all pixels of a photograph.
struct PixelCounts {
  Histogram luma{};
  Histogram saturation{};  ///< the largest less the least channel
  Histogram least{};       ///< of the channels
  std::array<double, Changes::kPhases>
      across{};  ///< changes from column to column, by the column's place in a block
  std::array<double, Changes::kPhases> down{};  ///< from row to row
};
PixelCounts count_pixels(const ImageView& photograph);

/// Quantiles of luma, of saturation and of the least channel, each in [0, 1]. Appended to `out`.
void append_tones(const PixelCounts& pixels, std::vector<float>& out);

/// How much neighbours differ more across the borders of blocks of 8 samples than elsewhere, as JPEG leaves them: the
/// logarithm of the largest of eight phases over their median, along rows and along columns. Appended to `out`.
void append_blocking(const PixelCounts& pixels, std::vector<float>& out);

}  // namespace gradspace
