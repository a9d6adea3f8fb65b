// Pictures in memory and in files.
//
// Layout of every Image: 8 bits a sample, rows from the top, interleaved channels (HWC), no padding
// between rows; one channel is grey, three are R, G, B in that order. Pixels of others may have their
// rows further apart and be in the order B, G, R: functions take them as an ImageView. Values are as
// stored in the file (sRGB-encoded as a rule); nothing here converts to linear light.
//
// Decoding gives what Pillow 9.4's `Image.open(f).convert("RGB")` gives (or "L" for grey files),
// except: 16-bit samples are divided by 257 and rounded where Pillow clips or cuts off, CMYK is
// refused, a PNG whose pixels have a wrong or missing checksum is refused, and one with a critical chunk that
// nobody knows before them; a few well-formed BMP files that Pillow misreads are read right, and those with
// headers of 52 and 56 bytes, as later versions of Pillow do (src/image/bmp.cpp).
// WebP, AVIF, JPEG XL and TIFF are read by modules that are loaded with the first such file, and not written; of
// several frames or pages the first is read. TIFF files are not turned by their tag, as Pillow turns them. Alpha is
// dropped, palettes are resolved, EXIF orientation is ignored. A file is grey when its format says so (grey PNG and
// JPEG, PBM and PGM, BMP whose palette is the identity), not when its colours happen to be grey.
//
// All functions are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gradspace/decoding.h"
#include "gradspace/export.h"

namespace gradspace {

/// An image of more pixels than this is refused before anything is allocated.
inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 28;

/// An 8-bit image that owns its pixels. Never empty.
class GRADSPACE_API Image {
 public:
  /// A black image. Throws InvalidArgument unless width, height >= 1, width * height <= kMaxPixels and
  /// channels is 1 or 3.
  Image(int width, int height, int channels);
  /// Takes `pixels_hwc` (size width * height * channels). Throws InvalidArgument on another size.
  Image(int width, int height, int channels, std::vector<std::uint8_t> pixels_hwc);

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }

  std::span<std::uint8_t> pixels() { return pixels_; }
  std::span<const std::uint8_t> pixels() const { return pixels_; }

  /// The row `y`: width * channels samples.
  std::span<std::uint8_t> row(int y);
  std::span<const std::uint8_t> row(int y) const;

  friend bool operator==(const Image&, const Image&) = default;

 private:
  int width_;
  int height_;
  int channels_;
  std::vector<std::uint8_t> pixels_;
};

/// The order in which a colour pixel's three samples lie in memory.
enum class ChannelOrder { kRgb, kBgr };

/// Pixels that somebody else keeps: an Image, a camera's frame, a part of a larger picture. They must
/// outlive the view and stay as they are while it is used. Never empty; cheap to copy.
class GRADSPACE_API ImageView {
 public:
  /// `data` points to the first sample of the top row; each further row begins `stride` bytes behind
  /// the one above. `channels` is 1 (grey, whatever the order says) or 3. Throws InvalidArgument for a
  /// null pointer, a size that Image does not take, a stride of less than width * channels bytes, or
  /// one so large that the rows reach beyond what memory can hold.
  ImageView(const std::uint8_t* data, int width, int height, int channels, std::size_t stride,
            ChannelOrder order = ChannelOrder::kRgb);
  /// The same of a buffer whose length is known: throws as well when it ends before the last row does.
  ImageView(std::span<const std::uint8_t> buffer, int width, int height, int channels,
            std::size_t stride, ChannelOrder order = ChannelOrder::kRgb);
  /// All of an image.
  ImageView(const Image& image);  // NOLINT(google-explicit-constructor): every Image is a view

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  std::size_t stride() const { return stride_; }  ///< bytes from one row's begin to the next one's
  ChannelOrder order() const { return order_; }

  /// The row `y`: width * channels samples, in the view's order.
  std::span<const std::uint8_t> row(int y) const;

 private:
  const std::uint8_t* data_;
  int width_;
  int height_;
  int channels_;
  std::size_t stride_;
  ChannelOrder order_;
};

/// File formats. `kPnm` stands for PBM, PGM and PPM, plain and raw; it is written raw. The first four are always read,
/// and written; the others are read where their module can be loaded (gradspace/modules.h).
enum class ImageFormat { kBmp, kPnm, kPng, kJpeg, kWebp, kAvif, kJpegXl, kTiff };

/// The format by the first bytes, whatever the file is called. Throws FormatError for none of ours.
GRADSPACE_API ImageFormat detect_image_format(std::span<const std::uint8_t> bytes,
                                              std::string_view name);

/// Decodes a file's bytes; `name` stands in messages. Grey files give one channel, others three.
/// Throws FormatError on truncated, hostile or unsupported content.
GRADSPACE_API Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name);

/// Reads and decodes a file. Throws IoError, FormatError.
GRADSPACE_API Image read_image(const std::filesystem::path& path);

struct EncodeOptions {
  /// JPEG quality, 1 to 100, libjpeg's scale; chroma is subsampled 4:2:0 below 90.
  int jpeg_quality = 95;
};

/// Encodes in memory. Decoding BMP, PNM and PNG gives the same pixels back.
GRADSPACE_API std::vector<std::uint8_t> encode_image(const ImageView& image, ImageFormat format,
                                                     const EncodeOptions& options = {});

/// Encodes and writes beside the target, then renames: the old file or the new one, never half of
/// it. The format follows the extension (.bmp .pgm .ppm .pnm .png .jpg .jpeg, any case); another
/// throws InvalidArgument.
GRADSPACE_API void write_image(const std::filesystem::path& path, const ImageView& image,
                               const EncodeOptions& options = {});

/// The format that `write_image` writes under a name. Throws InvalidArgument where the extension is of none.
GRADSPACE_API ImageFormat image_format_from_extension(const std::filesystem::path& path);

/// Whether the extension is one of an image that is read: those that are written, .pbm, .webp, .avif, .jxl, .tif,
/// .tiff.
GRADSPACE_API bool has_image_extension(const std::filesystem::path& path);

/// Three channels in the order R, G, B: grey is repeated, RGB copied. An image that is given away
/// (std::move) and is RGB already is handed on without a copy.
GRADSPACE_API Image to_rgb(const ImageView& image);
GRADSPACE_API Image to_rgb(Image&& image);

/// One channel: BT.601 luma as Pillow's convert("L") rounds it; grey is copied, or handed on.
GRADSPACE_API Image to_grey(const ImageView& image);
GRADSPACE_API Image to_grey(Image&& image);

/// Antialiased bilinear resize, byte for byte what Pillow's `resize((w, h), BILINEAR)` gives:
/// horizontal pass first, 22-bit fixed-point coefficients, 8-bit rows between the passes, a pass
/// skipped where the size stays. Colour comes out in the order R, G, B. Throws InvalidArgument unless
/// width, height >= 1.
GRADSPACE_API Image resize_bilinear(const ImageView& image, int width, int height);

/// Files and images to pixels of one size, for pipelines that read many: what it allocates lives on
/// from one image to the next, and rows are resized as they are decoded, so that no file's image lies in memory whole
/// but interlaced PNG and run-length BMP ones. Gives what decode_image, then to_rgb or to_grey, then resize_bilinear
/// give; by fast decoding, of JPEG files, what Pillow's `draft` of twice the size gives in the place of the first.
/// One object is for one thread at a time.
class GRADSPACE_API FixedSizeReader {
 public:
  /// Throws InvalidArgument for a size or number of channels that Image does not take.
  FixedSizeReader(int width, int height, int channels, Decoding decoding = Decoding::kExact);
  ~FixedSizeReader();
  FixedSizeReader(FixedSizeReader&&) noexcept;
  FixedSizeReader& operator=(FixedSizeReader&&) noexcept;

  /// How many bytes `out_hwc` must have: width * height * channels.
  std::size_t size() const;

  /// Reads a file. Throws IoError, FormatError; InvalidArgument when `out_hwc` has another size.
  void read(const std::filesystem::path& path, std::span<std::uint8_t> out_hwc);
  /// The same from a file's bytes; `name` stands in messages.
  void decode(std::span<const std::uint8_t> bytes, std::string_view name,
              std::span<std::uint8_t> out_hwc);
  /// The same from pixels.
  void fit(const ImageView& image, std::span<std::uint8_t> out_hwc);

  /// Memory of the reader's own, for a Source that has pixels to put somewhere before it fits them.
  /// Valid until the next call of any function but fit.
  std::span<std::uint8_t> scratch(std::size_t bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
