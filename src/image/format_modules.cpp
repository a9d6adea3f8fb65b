#include "image/format_modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/module_file.h"
#include "gradspace/error.h"
#include "image/format_module.h"

namespace gradspace::codec {
namespace {

constexpr std::array<ModuleFormat, 4> kModuleFormats = {{
    {ImageFormat::kWebp, "webp", "a WebP image"},
    {ImageFormat::kAvif, "avif", "an AVIF image"},
    {ImageFormat::kJpegXl, "jpeg_xl", "a JPEG XL image"},
    {ImageFormat::kTiff, "tiff", "a TIFF image"},
}};

/// A picture of one colour takes these formats a few bytes, whatever its size. So many pixels are believed of any
/// file; more only of one that has a byte for every kPngPixelsAByte of them.
constexpr std::int64_t kPixelsOfAnyFile = std::int64_t{1} << 24;

bool is_webp(std::string_view text) {
  return text.size() >= 12 && text.starts_with("RIFF") && text.substr(8, 4) == "WEBP";
}

/// ISO media files begin with a box of type "ftyp" that lists the brands which they are of.
bool is_avif(std::string_view text) {
  if (text.size() < 16 || text.substr(4, 4) != "ftyp") {
    return false;
  }
  std::size_t box_size = 0;
  for (const char byte : text.substr(0, 4)) {
    box_size = box_size << 8 | static_cast<unsigned char>(byte);
  }
  constexpr std::size_t kMinorVersion = 12;
  const std::size_t end = std::min(box_size, text.size());
  for (std::size_t at = 8; at + 4 <= end; at += 4) {
    const std::string_view brand = text.substr(at, 4);
    if (at != kMinorVersion && (brand == "avif" || brand == "avis")) {
      return true;
    }
  }
  return false;
}

bool is_jpeg_xl(std::string_view text) {
  constexpr std::string_view kContainer("\0\0\0\x0CJXL \r\n\x87\n", 12);
  return text.starts_with("\xFF\x0A") || text.starts_with(kContainer);
}

/// Classic and BigTIFF, in both byte orders; but not Canon's raw photographs, which begin likewise.
bool is_tiff(std::string_view text) {
  constexpr std::array<std::string_view, 4> kBegins = {
      {{"II*\0", 4}, {"MM\0*", 4}, {"II+\0", 4}, {"MM\0+", 4}}};
  const bool is_canon_raw = text.size() >= 10 && text.substr(8, 2) == "CR";
  return !is_canon_raw && std::ranges::any_of(kBegins, [&](std::string_view begin) {
    return text.starts_with(begin);
  });
}

bool begins_as(ImageFormat format, std::string_view text) {
  switch (format) {
    case ImageFormat::kWebp:
      return is_webp(text);
    case ImageFormat::kAvif:
      return is_avif(text);
    case ImageFormat::kJpegXl:
      return is_jpeg_xl(text);
    case ImageFormat::kTiff:
      return is_tiff(text);
    default:
      return false;
  }
}

/// A module, or why there is none: looked for once, with the first file of its format.
class LoadedModule {
 public:
  const FormatModuleEntry& entry(const ModuleFormat& format) {
    std::call_once(looked_for_, [&] { load(format); });
    if (entry_ == nullptr) {
      throw Error(failure_);
    }
    return *entry_;
  }

 private:
  void load(const ModuleFormat& format) {
    const std::string what = fmt::format("module {}", format.module);
    const std::string option = fmt::format("{} in -DGRADSPACE_IMAGE_FORMATS", format.module);
    const std::string variable = module_variable(format.module);
    try {
      entry_ = &static_cast<const FormatModuleEntry&>(open_module(
          module_path(format.module),
          {what, option, "gradspace-formats", variable, kFormatModuleSymbol, kFormatModuleAbi}));
    } catch (const Error& error) {
      failure_ = error.what();
    }
  }

  std::once_flag looked_for_;
  const FormatModuleEntry* entry_ = nullptr;
  std::string failure_;
};

const FormatModuleEntry& loaded(const ModuleFormat& format) {
  static std::array<LoadedModule, kModuleFormats.size()> modules;
  return modules.at(static_cast<std::size_t>(&format - kModuleFormats.data())).entry(format);
}

/// The samples of a module's image, until they are handed on.
class ModuleImage final : public DecodedImage {
 public:
  ModuleImage(std::size_t file_size, std::int64_t bytes_a_pixel, std::string_view name,
              RowSink& out)
      : file_size_(file_size), bytes_a_pixel_(bytes_a_pixel), name_(name), out_(out) {}

  void check_size(std::int64_t width, std::int64_t height) override {
    codec::check_size(width, height, name_);
    if (width * height > kPixelsOfAnyFile) {
      check_plausible(width, height, file_size_, kPngPixelsAByte, name_);
    }
    out_.expect_memory(static_cast<std::size_t>(width * height * bytes_a_pixel_));
    layout_.width = static_cast<int>(width);
    layout_.height = static_cast<int>(height);
  }

  std::uint8_t* begin(std::int64_t width, std::int64_t height, int channels) override {
    if (width != layout_.width || height != layout_.height) {
      throw FormatError(fmt::format("{}: a header of {}x{} pixels, but an image of {}x{}", name_,
                                    layout_.width, layout_.height, width, height));
    }
    layout_.channels = channels;
    // A row sink may read a byte behind the last row.
    samples_.resize(layout_.row_size() * static_cast<std::size_t>(layout_.height) + 1);
    return samples_.data();
  }

  void hand_on() const {
    assert(!samples_.empty());
    out_.begin(layout_);
    for (int y = 0; y < layout_.height; ++y) {
      out_.take(samples_.data() + static_cast<std::size_t>(y) * layout_.row_size());
    }
  }

 private:
  std::size_t file_size_;
  std::int64_t bytes_a_pixel_;
  std::string_view name_;
  RowSink& out_;
  RowLayout layout_;
  std::vector<std::uint8_t> samples_;
};

}  // namespace

std::span<const ModuleFormat> module_formats() {
  return kModuleFormats;
}

const ModuleFormat* find_module_format(Bytes begin) {
  const std::string_view text(reinterpret_cast<const char*>(begin.data()), begin.size());
  const auto* found = std::ranges::find_if(
      kModuleFormats, [&](const ModuleFormat& known) { return begins_as(known.format, text); });
  return found == kModuleFormats.end() ? nullptr : found;
}

std::string module_library(const ModuleFormat& format) {
  return loaded(format).library();
}

void decode_by_module(const ModuleFormat& format, Bytes bytes, std::string_view name,
                      RowSink& out) {
  const FormatModuleEntry* entry = nullptr;
  try {
    entry = &loaded(format);
  } catch (const Error& error) {
    throw FormatError(fmt::format("{}: {}, which this build does not read ({})", name, format.words,
                                  error.what()));
  }
  ModuleImage image(bytes.size(), entry->bytes_a_pixel, name, out);
  if (const std::string failure = entry->decode(bytes, image); !failure.empty()) {
    throw FormatError(fmt::format("{}: {}: {}", name, format.words, failure));
  }
  image.hand_on();
}

}  // namespace gradspace::codec
