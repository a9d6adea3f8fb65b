// Images that go from hand to hand row by row, so that none of them need lie in memory whole.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gradspace/image.h"

namespace gradspace {

/// How the rows of an image lie in memory.
struct RowLayout {
  int width = 0;
  int height = 0;
  int channels = 0;  ///< 1 (grey) or 3
  ChannelOrder order = ChannelOrder::kRgb;

  /// Bytes of a row.
  std::size_t row_size() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
};

/// Takes an image's rows from the top, one after the other: `begin`, then `take` once a row.
class RowSink {
 public:
  RowSink() = default;
  RowSink(const RowSink&) = default;
  RowSink& operator=(const RowSink&) = default;
  RowSink(RowSink&&) = default;
  RowSink& operator=(RowSink&&) = default;
  virtual ~RowSink() = default;

  /// The size has been checked.
  virtual void begin(const RowLayout& layout) = 0;
  /// Whoever gives the rows says so before it makes room for so many bytes, because it holds all of the image.
  virtual void expect_memory(std::size_t bytes) = 0;
  /// Where the next row may be written before it is taken.
  virtual std::uint8_t* place() = 0;
  /// Takes the next row, which lies at `place()` or elsewhere; there a byte behind it can be read.
  virtual void take(const std::uint8_t* row) = 0;

  /// Takes the row that was written to `place()`.
  void take_placed() { take(place()); }
};

}  // namespace gradspace
