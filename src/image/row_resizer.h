// Resizes images while their rows come in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "image/row_sink.h"

namespace gradspace {

struct ResizeTable;

/// Resizes to the pixels that `resize_bilinear` gives. What it works in lives on from image to image, but for what is
/// large: of the image between the two passes the rows that one row of the result is made of, and as many again.
class RowResizer {
 public:
  RowResizer() = default;
  RowResizer(RowResizer&&) = default;
  RowResizer& operator=(RowResizer&&) = default;
  RowResizer(const RowResizer&) = delete;
  RowResizer& operator=(const RowResizer&) = delete;
  ~RowResizer() = default;

  /// Begins an image of rows laid out as `in`, to be resized to `width` x `height` pixels of `channels` (grey, or R, G,
  /// B) samples: `out` has exactly the room for them, and is filled when all rows were taken. All sides are at least
  /// 1. Throws InvalidArgument when the image between the passes would be absurdly large.
  void begin(const RowLayout& in, int width, int height, int channels, std::uint8_t* out);

  /// As of a RowSink.
  std::uint8_t* place() { return place_; }
  void take(const std::uint8_t* row);

 private:
  std::size_t out_row() const;
  std::uint8_t* next_between();
  void pass_horizontally(const std::uint8_t* samples, std::uint8_t* out);
  void pass_vertically();
  void finish();

  RowLayout in_;
  int width_ = 0;
  int height_ = 0;
  int channels_ = 0;
  int resized_channels_ =
      0;  ///< those of the rows between: grey is repeated, and red and blue swapped, at the end
  std::uint8_t* out_ = nullptr;
  std::shared_ptr<const ResizeTable> horizontal_;  ///< null where the width stays
  std::shared_ptr<const ResizeTable> vertical_;    ///< null where the height stays
  std::vector<std::uint8_t> row_;      ///< room for a row that comes, and for its last bytes
  std::uint8_t* place_ = nullptr;      ///< in it
  std::vector<std::uint8_t> grey_;     ///< the row's luma, where colour is resized to grey
  std::vector<std::uint8_t> between_;  ///< rows after the horizontal pass
  std::size_t capacity_ = 0;           ///< of `between_`, in rows
  std::size_t first_ = 0;              ///< the row that lies first in `between_`
  std::size_t taken_ = 0;
  std::size_t made_ = 0;  ///< rows of the result
};

}  // namespace gradspace
