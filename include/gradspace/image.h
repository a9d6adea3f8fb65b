// Pictures in memory and in files.
//
// Layout of every image in gradspace: 8 bits a sample, rows from the top, interleaved channels (HWC),
// no padding between rows; one channel is grey, three are R, G, B in that order. Values are as stored
// in the file (sRGB-encoded as a rule); nothing here converts to linear light.
//
// Decoding gives what Pillow 9.4's `Image.open(f).convert("RGB")` gives (or "L" for grey files),
// except: 16-bit samples are divided by 257 and rounded where Pillow clips or cuts off, CMYK is
// refused, and a few well-formed BMP files that Pillow misreads are read right (src/image/bmp.cpp).
// Alpha is dropped, palettes are resolved, EXIF orientation is ignored. A file is grey when its format
// says so (grey PNG and JPEG, PBM and PGM, BMP whose palette is the identity), not when its colours
// happen to be grey.
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

/// File formats. `kPnm` stands for PBM, PGM and PPM, plain and raw; it is written raw.
enum class ImageFormat { kBmp, kPnm, kPng, kJpeg };

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
GRADSPACE_API std::vector<std::uint8_t> encode_image(const Image& image, ImageFormat format,
                                                     const EncodeOptions& options = {});

/// Encodes and writes beside the target, then renames: the old file or the new one, never half of
/// it. The format follows the extension (.bmp .pgm .ppm .pnm .png .jpg .jpeg, any case); another
/// throws InvalidArgument.
GRADSPACE_API void write_image(const std::filesystem::path& path, const Image& image,
                               const EncodeOptions& options = {});

/// The format that a file name's extension stands for. Throws InvalidArgument for none of ours.
GRADSPACE_API ImageFormat image_format_from_extension(const std::filesystem::path& path);

/// Whether the extension is one of those `image_format_from_extension` knows (or .pbm).
GRADSPACE_API bool has_image_extension(const std::filesystem::path& path);

/// Three channels: grey is repeated, RGB copied.
GRADSPACE_API Image to_rgb(Image image);

/// One channel: BT.601 luma as Pillow's convert("L") rounds it.
GRADSPACE_API Image to_grey(Image image);

/// Antialiased bilinear resize, byte for byte what Pillow's `resize((w, h), BILINEAR)` gives:
/// horizontal pass first, 22-bit fixed-point coefficients, 8-bit rows between the passes, a pass
/// skipped where the size stays. Throws InvalidArgument unless width, height >= 1.
GRADSPACE_API Image resize_bilinear(const Image& image, int width, int height);

/// Files and images to pixels of one size, for pipelines that read many: what it allocates lives on
/// from one image to the next. Gives what decode_image, then to_rgb or to_grey, then resize_bilinear
/// give. One object is for one thread at a time.
class GRADSPACE_API FixedSizeReader {
 public:
  /// Throws InvalidArgument for a size or number of channels that Image does not take.
  FixedSizeReader(int width, int height, int channels);
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
  void fit(const Image& image, std::span<std::uint8_t> out_hwc);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
