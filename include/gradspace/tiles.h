// Tiles: parts of a photograph at its native resolution, as large as the images that a model takes.
//
// A photograph that is shrunk to a model's input has lost what blur, noise and codecs did to it; its tiles keep
// that. For learning, tiles are drawn at random places; for scoring, a grid of them covers the photograph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gradspace/export.h"
#include "gradspace/image.h"
#include "gradspace/source.h"

namespace gradspace {

/// How tiles are cut, in pixels.
struct GRADSPACE_API Tiling {
  int width = 28;
  int height = 28;
  int stride_x =
      28;  ///< from a tile of a grid to the next one on its right; under the width they overlap
  int stride_y = 28;

  /// Throws InvalidArgument unless everything is from 1 to 65536, and a tile has at most 1024 pixels a side.
  void validate() const;
  friend bool operator==(const Tiling&, const Tiling&) = default;
};

/// From "28x28", width first; the stride is a tile's size. Throws InvalidArgument.
GRADSPACE_API Tiling parse_tiling(std::string_view text);

/// A size such as "28x28": "640x480" has width 640. Throws InvalidArgument unless both are from 1 to 65536.
struct PixelSize {
  int width = 0;
  int height = 0;
};
GRADSPACE_API PixelSize parse_pixel_size(std::string_view text);

/// The grid of whole tiles in a frame, from its upper left corner on, row by row. What is left over at the right
/// and at the bottom is less than a stride.
struct GRADSPACE_API TileGrid {
  /// Throws InvalidArgument when the frame is smaller than a tile; `name` stands in the message.
  TileGrid(const Tiling& tiling, int frame_width, int frame_height, std::string_view name);

  std::size_t size() const {
    return static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows);
  }
  TilePlace place(std::size_t i) const;

  Tiling tiling;
  int columns = 0;
  int rows = 0;
};

/// A part of an image, viewed. Throws InvalidArgument when it is not inside.
GRADSPACE_API ImageView part_of(const ImageView& image, const TilePlace& place, int width,
                                int height);

/// Which tiles of each photograph are drawn.
struct GRADSPACE_API TileDraw {
  Tiling tiling;              ///< whose strides do not count
  std::size_t per_image = 1;  ///< at least 1
  std::uint64_t seed = 0;

  /// Throws InvalidArgument, after "`what`: ", unless tiles are as large as a model's input.
  void require_size(int width, int height, std::string_view what) const;
};

/// What a feature set of such tiles notes of them (FeatureSetMeta::tiles_json).
GRADSPACE_API std::string tile_draw_record(const TileDraw& draw);

/// How many tiles to draw from each of `photographs` where nobody says: enough for 20 000 in all, 4 to 100 each.
GRADSPACE_API std::size_t default_tiles_per_image(std::size_t photographs);

/// `wanted`, or where that is 0, the above.
GRADSPACE_API std::size_t tiles_per_image(std::size_t wanted, std::size_t photographs);

/// Tiles of the photographs of `source`, as a source: `per_image` of each photograph, one photograph after the other,
/// at places drawn by the seed and the photograph's path. A path is that of the photograph; Source::tile tells the
/// place, once the tile was loaded. Photographs are decoded when their tiles are read, one a thread at a time. Loading
/// a tile of a photograph that is smaller throws FormatError.
GRADSPACE_API std::unique_ptr<Source> draw_tiles(std::shared_ptr<const Source> source,
                                                 const TileDraw& draw);

}  // namespace gradspace
