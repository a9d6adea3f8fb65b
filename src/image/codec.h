// What the codecs share: where the pixels go, palettes, and checks of what a
// header promises against what the file can hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gradspace/image.h"
#include "image/row_sink.h"

namespace gradspace::codec {

using Bytes = std::span<const std::uint8_t>;

/// Decoded pixels, all of an image: R, G, B, or grey.
class Pixels final : public RowSink {
 public:
  void begin(const RowLayout& layout) override;
  void expect_memory(std::size_t bytes) override;
  std::uint8_t* place() override;
  void take(const std::uint8_t* row) override;

  /// Once all rows were taken.
  Image image() &&;

 private:
  RowLayout layout_;
  std::size_t taken_ = 0;              ///< bytes
  std::vector<std::uint8_t> samples_;  ///< HWC
};

/// Throws FormatError unless both sides are at least 1 and the area at most kMaxPixels.
void check_size(std::int64_t width, std::int64_t height, std::string_view name);

/// The most pixels that a byte of a compressed file can stand for, with some reserve. A run of RLE is
/// 255 pixels in two bytes (jumps reach further, but nobody writes pictures of jumps); deflate packs
/// 1032 to 1, of bilevel pixels 8 times that; a JPEG block of 8x8 takes at least a bit, and its
/// component may be subsampled 16 times.
inline constexpr std::int64_t kRlePixelsAByte = 1 << 9;
inline constexpr std::int64_t kPngPixelsAByte = 1 << 14;
inline constexpr std::int64_t kJpegPixelsAByte = 1 << 13;

/// `check_size`, and throws FormatError when a small file promises a huge image.
void check_plausible(std::int64_t width, std::int64_t height, std::size_t file_size,
                     std::int64_t pixels_a_byte, std::string_view name);

/// Throws FormatError saying that the file ends too early.
[[noreturn]] void throw_truncated(std::string_view name, std::string_view what);

/// Colours by index. Indices without an entry are shades of grey, as in Pillow.
class Palette {
 public:
  Palette();
  void set(std::size_t index, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    rgb_[index] = {red, green, blue};
  }
  /// Writes 3 samples an index, or 1 (the red one).
  void resolve(Bytes indices, int channels, std::uint8_t* out) const;

 private:
  std::array<std::array<std::uint8_t, 3>, 256> rgb_;
};

/// `count` values of 1, 2, 4 or 8 bits, the first in the highest bits.
void unpack_bits(const std::uint8_t* packed, int bits, std::size_t count, std::uint8_t* out);

/// The least size that a JPEG file may be decoded to.
struct LeastSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

/// Gives `out` a row that stands in the file as it is.
void take_stored_row(Bytes file, const std::uint8_t* row, std::size_t size, RowSink& out);

// Each gives `out` the rows of the image, as many as there are before an error is thrown: then what became of the rows
// is of no use.
void decode_bmp(Bytes bytes, std::string_view name, RowSink& out);
void decode_pnm(Bytes bytes, std::string_view name, RowSink& out);
void decode_png(Bytes bytes, std::string_view name, RowSink& out);
/// With a least size: at 1/2, 1/4 or 1/8 of its own, the smallest of them that is not below it on either side.
void decode_jpeg(Bytes bytes, std::string_view name, RowSink& out,
                 const std::optional<LeastSize>& least = {});

/// The quality, 1 to 100, whose table of luma in libjpeg comes closest to the file's; none where the bytes are no
/// JPEG file that can be read.
std::optional<int> jpeg_quality(Bytes bytes);

/// Whether the first 64 bytes are surely those of an image: more than two letters, as a text may have them, and no TIFF
/// file's, which are those of raw photographs, too.
bool begins_as_image(Bytes begin);

/// Any of the formats, by its first bytes. The least size is for JPEG files alone.
void decode(Bytes bytes, std::string_view name, RowSink& out,
            const std::optional<LeastSize>& least = {});

std::vector<std::uint8_t> encode_bmp(const ImageView& image);
std::vector<std::uint8_t> encode_pnm(const ImageView& image);
std::vector<std::uint8_t> encode_png(const ImageView& image);
std::vector<std::uint8_t> encode_jpeg(const ImageView& image, int quality);

}  // namespace gradspace::codec
