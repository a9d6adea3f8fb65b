// Images reduced to about the size in which people see them, in the colour spaces of the metrics.
#pragma once

#include <array>
#include <compare>

#include "gradspace/quality.h"
#include "quality/plane.h"

namespace gradspace::quality {

/// Blocks of size x size pixels that an image's means are taken over.
struct BlockGrid {
  int size = 1;
  int before = 0;  ///< columns and rows of the first block that lie before the image
  bool repeats_edge =
      false;  ///< what lies beyond the image is like its nearest pixel; else it is zero
  int columns = 0;
  int rows = 0;

  friend auto operator<=>(const BlockGrid&, const BlockGrid&) = default;
};

/// How many times smaller several metrics make an image: its shorter side over 256, rounded (a half to the
/// even number, as Python does; MATLAB rounds it up), and at least 1.
int viewing_factor(const Image& image);

/// Blocks that begin with the image; those that reach beyond it are filled with zeros.
BlockGrid padded_blocks(const Image& image, int size);
/// Whole blocks that begin with the image; what fills none is left out.
BlockGrid whole_blocks(const Image& image, int size);
/// The grid of MATLAB's conv2(..., 'same') followed by every size-th element: the first block's centre (the left
/// of two) is the first pixel.
BlockGrid centred_blocks(const Image& image, int size);
/// Blocks whose right middle is the first pixel; the image's edge is repeated.
BlockGrid repeated_blocks(const Image& image, int size);

enum class ColourSpace {
  kYiq,  ///< luma of BT.601 (0.299, 0.587, 0.114), I and Q
  kLmn,  ///< Geusebroek et al. 2001 by Zhang, Shen and Li 2014
  kLhm,  ///< the same chroma with luma of BT.601 (0.2989), by Nafchi et al. 2016
};

using ColourPlanes = std::array<Plane, 3>;

/// The image's block means, 0 to 255 before they are taken to the colour space; kept in it.
const ColourPlanes& colour_planes(const QualityImage& image, const BlockGrid& grid,
                                  ColourSpace space);

/// Luma of BT.601 at full size, not rounded; kept in the image.
const Plane& luma_plane(const QualityImage& image);

}  // namespace gradspace::quality
