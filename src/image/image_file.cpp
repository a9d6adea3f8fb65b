// Images from bytes and files and back: which codec it is, and the whole-file functions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "core/file.h"
#include "core/file_kind.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"
#include "image/format_modules.h"

namespace gradspace {
namespace {

struct Extension {
  std::string_view text;
  ImageFormat format;
};

/// Of the formats that are written.
constexpr std::array<Extension, 7> kExtensions = {{
    {".bmp", ImageFormat::kBmp},
    {".pgm", ImageFormat::kPnm},
    {".ppm", ImageFormat::kPnm},
    {".pnm", ImageFormat::kPnm},
    {".png", ImageFormat::kPng},
    {".jpg", ImageFormat::kJpeg},
    {".jpeg", ImageFormat::kJpeg},
}};

/// Of what is read alone.
constexpr std::array<std::string_view, 6> kReadExtensions = {
    {".pbm", ".webp", ".avif", ".jxl", ".tif", ".tiff"}};

std::string lower_case_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

const Extension* find_extension(std::string_view extension) {
  const auto* found = std::find_if(kExtensions.begin(), kExtensions.end(),
                                   [&](const Extension& known) { return known.text == extension; });
  return found == kExtensions.end() ? nullptr : found;
}

bool starts_with(std::span<const std::uint8_t> bytes, std::string_view prefix) {
  return bytes.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

bool is_pnm(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kAfterMagic = " \t\n\v\f\r#";
  return bytes.size() >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
         kAfterMagic.find(static_cast<char>(bytes[2])) != std::string_view::npos;
}

}  // namespace

ImageFormat detect_image_format(std::span<const std::uint8_t> bytes, std::string_view name) {
  if (starts_with(bytes, "BM")) {
    return ImageFormat::kBmp;
  }
  if (is_pnm(bytes)) {
    return ImageFormat::kPnm;
  }
  if (starts_with(bytes, "\x89PNG\r\n\x1A\n")) {
    return ImageFormat::kPng;
  }
  if (starts_with(bytes, "\xFF\xD8\xFF")) {
    return ImageFormat::kJpeg;
  }
  if (const codec::ModuleFormat* found = codec::find_module_format(bytes)) {
    return found->format;
  }
  throw_unknown_kind(name, bytes,
                     bytes.empty() ? "an empty file"
                                   : "not a BMP, PNM (P1 to P6), PNG, JPEG, WebP, AVIF, JPEG XL or "
                                     "TIFF file");
}

Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name) {
  codec::Pixels pixels;
  codec::decode(bytes, name, pixels);
  return std::move(pixels).image();
}

Image read_image(const std::filesystem::path& path) {
  return decode_image(read_file(path), path.native());
}

std::vector<std::uint8_t> encode_image(const ImageView& image, ImageFormat format,
                                       const EncodeOptions& options) {
  if (options.jpeg_quality < 1 || options.jpeg_quality > 100) {
    throw InvalidArgument(fmt::format("JPEG quality {}; must be 1 to 100", options.jpeg_quality));
  }
  switch (format) {
    case ImageFormat::kBmp:
      return codec::encode_bmp(image);
    case ImageFormat::kPnm:
      return codec::encode_pnm(image);
    case ImageFormat::kPng:
      return codec::encode_png(image);
    case ImageFormat::kJpeg:
      return codec::encode_jpeg(image, options.jpeg_quality);
    default:
      throw InvalidArgument("images are written as BMP, PNM, PNG and JPEG alone");
  }
}

void write_image(const std::filesystem::path& path, const ImageView& image,
                 const EncodeOptions& options) {
  const ImageFormat format = image_format_from_extension(path);
  write_file(path, encode_image(image, format, options), Survives::kKill);
}

ImageFormat image_format_from_extension(const std::filesystem::path& path) {
  const Extension* extension = find_extension(lower_case_extension(path));
  if (extension == nullptr) {
    throw InvalidArgument(
        fmt::format("{}: the extension names no image format that is written; "
                    "known are .bmp .pgm .ppm .pnm .png .jpg .jpeg",
                    path.native()));
  }
  return extension->format;
}

bool has_image_extension(const std::filesystem::path& path) {
  const std::string extension = lower_case_extension(path);
  return find_extension(extension) != nullptr ||
         std::ranges::find(kReadExtensions, extension) != kReadExtensions.end();
}

}  // namespace gradspace
