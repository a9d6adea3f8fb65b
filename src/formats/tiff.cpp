// TIFF through libtiff: the first page, in strips or tiles, of bilevel, grey, palette and RGB samples of 1, 2, 4, 8 or
// 16 bits. 16 bits are divided by 257 and rounded, the entries of a palette lose their lower 8 bits as in Pillow, alpha
// is dropped after colours that were multiplied by it are divided again, as Pillow does. Orientation is ignored.
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/version.h"
#include "image/format_module.h"

namespace gradspace {
namespace {

/// The file in memory, and the first error.
struct MemoryFile {
  std::span<const std::uint8_t> bytes;
  std::uint64_t at = 0;
  std::array<char, 160> error{};
};

tmsize_t read_from_memory(thandle_t handle, void* to, tmsize_t size) {
  auto& file = *static_cast<MemoryFile*>(handle);
  if (size <= 0 || file.at >= file.bytes.size()) {
    return 0;
  }
  const std::size_t count = std::min(static_cast<std::size_t>(size),
                                     file.bytes.size() - static_cast<std::size_t>(file.at));
  std::memcpy(to, file.bytes.data() + file.at, count);
  file.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write_nothing(thandle_t /*handle*/, void* /*from*/, tmsize_t /*size*/) {
  return 0;
}

toff_t seek_in_memory(thandle_t handle, toff_t offset, int whence) {
  auto& file = *static_cast<MemoryFile*>(handle);
  if (whence == SEEK_SET) {
    file.at = offset;
  } else {
    file.at = (whence == SEEK_CUR ? file.at : file.bytes.size()) + offset;
  }
  return file.at;
}

int close_nothing(thandle_t /*handle*/) {
  return 0;
}

toff_t size_of_memory(thandle_t handle) {
  return static_cast<MemoryFile*>(handle)->bytes.size();
}

int keep_first_error(TIFF* /*tiff*/, void* file, const char* /*where*/, const char* format,
                     va_list values) {
  std::array<char, 160>& error = static_cast<MemoryFile*>(file)->error;
  if (error[0] == '\0') {
    std::vsnprintf(error.data(), error.size(), format, values);
  }
  return 1;
}

int ignore_warning(TIFF* /*tiff*/, void* /*user*/, const char* /*where*/, const char* /*format*/,
                   va_list /*values*/) {
  return 1;
}

struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using OpenTiff = std::unique_ptr<TIFF, CloseTiff>;

OpenTiff open_tiff(MemoryFile& file) {
  constexpr tmsize_t kMostAtOnce = tmsize_t{1} << 31;
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (options == nullptr) {
    throw std::bad_alloc();
  }
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, kMostAtOnce);
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep_first_error, &file);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, nullptr);
  // "m": no memory map.
  OpenTiff tiff(TIFFClientOpenExt("", "rm", &file, read_from_memory, write_nothing, seek_in_memory,
                                  close_nothing, size_of_memory, nullptr, nullptr, options));
  TIFFOpenOptionsFree(options);
  return tiff;
}

/// What the tags of a page say.
struct Page {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 1;
  std::uint16_t samples = 1;
  std::uint16_t photometric = PHOTOMETRIC_MINISWHITE;
  bool planes = false;  ///< each sample in blocks of its own
  bool tiled = false;
  std::uint32_t block_width = 0;
  std::uint32_t block_height = 0;
  bool multiplied = false;  ///< by the alpha that follows the colours

  std::size_t colours() const { return photometric == PHOTOMETRIC_RGB ? 3 : 1; }
  int channels() const {
    return photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK ? 1 : 3;
  }
  std::size_t samples_a_block() const { return planes ? 1 : samples; }
  std::size_t row_bytes() const { return (block_width * samples_a_block() * bits + 7) / 8; }
};

constexpr std::uint16_t kMostSamples = 8;
constexpr std::uint64_t kMostPixelsOfTile = std::uint64_t{1} << 24;

/// Why a page is none that is read; else empty.
std::string objection(TIFF* tiff, const Page& page) {
  std::uint32_t subfile = 0;
  std::uint16_t sample_format = SAMPLEFORMAT_UINT;
  std::uint16_t compression = COMPRESSION_NONE;
  void* dng_version = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &subfile);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &sample_format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  if ((subfile & FILETYPE_REDUCEDIMAGE) != 0 ||
      TIFFGetField(tiff, TIFFTAG_DNGVERSION, &dng_version) != 0) {
    return "its first page is the preview of a raw photograph, which is not read";
  }
  if (page.photometric == PHOTOMETRIC_SEPARATED) {
    return "CMYK, which is not read";
  }
  if (page.photometric > PHOTOMETRIC_PALETTE) {
    return "photometric interpretation " + std::to_string(page.photometric) + ", which is not read";
  }
  if (compression == COMPRESSION_OJPEG || TIFFIsCODECConfigured(compression) == 0) {
    return "compression " + std::to_string(compression) + ", which is not read";
  }
  const bool known_bits = page.bits == 1 || page.bits == 2 || page.bits == 4 || page.bits == 8 ||
                          (page.bits == 16 && page.photometric != PHOTOMETRIC_PALETTE);
  if (!known_bits || (sample_format != SAMPLEFORMAT_UINT && sample_format != SAMPLEFORMAT_VOID)) {
    return "samples of " + std::to_string(page.bits) + " bits, sample format " +
           std::to_string(sample_format) + ", which are not read";
  }
  if (page.samples < page.colours() || page.samples > kMostSamples) {
    return std::to_string(page.samples) + " samples a pixel";
  }
  if (page.block_width == 0 || page.block_height == 0 ||
      (page.tiled && std::uint64_t{page.block_width} * page.block_height > kMostPixelsOfTile)) {
    return "tiles or strips of " + std::to_string(page.block_width) + 'x' +
           std::to_string(page.block_height) + " pixels";
  }
  return {};
}

bool colours_are_multiplied(TIFF* tiff, const Page& page) {
  std::uint16_t count = 0;
  std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  return page.photometric != PHOTOMETRIC_PALETTE && page.samples > page.colours() && count > 0 &&
         kinds[0] == EXTRASAMPLE_ASSOCALPHA;
}

Page read_page(TIFF* tiff) {
  Page page;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  std::uint16_t compression = COMPRESSION_NONE;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &page.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &page.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &page.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &page.samples);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &page.photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  if (compression == COMPRESSION_JPEG && page.photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    page.photometric = PHOTOMETRIC_RGB;
  }
  page.planes = planar == PLANARCONFIG_SEPARATE && page.samples > 1;
  page.tiled = TIFFIsTiled(tiff) != 0;
  if (page.tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &page.block_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &page.block_height);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &page.block_height);
    page.block_width = page.width;
    page.block_height = std::min(page.block_height, page.height);
  }
  page.multiplied = colours_are_multiplied(tiff, page);
  return page;
}

class PageReader {
 public:
  PageReader(TIFF* tiff, const Page& page, std::uint8_t* out)
      : tiff_(tiff),
        page_(page),
        out_(out),
        block_bytes_(page.row_bytes() * page.block_height),
        blocks_((page.planes ? page.samples : std::size_t{1}) * block_bytes_),
        samples_(std::size_t{page.block_width} * page.samples) {}

  /// False where a block is damaged.
  bool read() {
    if (page_.photometric == PHOTOMETRIC_PALETTE && !read_palette()) {
      return false;
    }
    for (std::uint32_t y = 0; y < page_.height; y += page_.block_height) {
      for (std::uint32_t x = 0; x < page_.width; x += page_.block_width) {
        if (!read_block(x, y)) {
          return false;
        }
        if (page_.width - x <= page_.block_width) {
          break;  // x would overflow behind the last
        }
      }
      if (page_.height - y <= page_.block_height) {
        break;
      }
    }
    return true;
  }

 private:
  bool read_palette() {
    std::uint16_t* red = nullptr;
    std::uint16_t* green = nullptr;
    std::uint16_t* blue = nullptr;
    if (TIFFGetField(tiff_, TIFFTAG_COLORMAP, &red, &green, &blue) == 0) {
      return false;
    }
    for (std::size_t i = 0; i < std::size_t{1} << page_.bits; ++i) {
      palette_[i] = {static_cast<std::uint8_t>(red[i] >> 8),
                     static_cast<std::uint8_t>(green[i] >> 8),
                     static_cast<std::uint8_t>(blue[i] >> 8)};
    }
    return true;
  }

  bool read_block(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t rows = std::min(page_.block_height, page_.height - y);
    const std::size_t parts = page_.planes ? page_.samples : 1;
    for (std::size_t part = 0; part < parts; ++part) {
      if (!read_stored(x, y, static_cast<std::uint16_t>(part), rows,
                       blocks_.data() + part * block_bytes_)) {
        return false;
      }
    }
    const std::size_t columns = std::min(page_.block_width, page_.width - x);
    const auto channels = static_cast<std::size_t>(page_.channels());
    for (std::uint32_t row = 0; row < rows; ++row) {
      for (std::size_t part = 0; part < parts; ++part) {
        unpack(blocks_.data() + part * block_bytes_ + row * page_.row_bytes(), part, columns);
      }
      convert(columns, out_ + ((std::size_t{y} + row) * page_.width + x) * channels);
    }
    return true;
  }

  bool read_stored(std::uint32_t x, std::uint32_t y, std::uint16_t part, std::uint32_t rows,
                   std::uint8_t* to) {
    const std::uint32_t wanted_rows = page_.tiled ? page_.block_height : rows;
    const auto wanted = static_cast<tmsize_t>(page_.row_bytes() * wanted_rows);
    const tmsize_t size = page_.tiled ? TIFFTileSize(tiff_) : TIFFVStripSize(tiff_, rows);
    if (size != wanted) {
      return false;
    }
    const tmsize_t got =
        page_.tiled ? TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, x, y, 0, part), to, wanted)
                    : TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, y, part), to, wanted);
    return got == wanted;
  }

  /// A row's samples, one a byte and 16 bits scaled, among those of their pixels.
  void unpack(const std::uint8_t* row, std::size_t part, std::size_t columns) {
    const std::size_t step = page_.planes ? page_.samples : 1;
    const std::size_t count = columns * page_.samples_a_block();
    std::uint8_t* to = samples_.data() + part;
    for (std::size_t i = 0; i < count; ++i, to += step) {
      if (page_.bits == 16) {
        std::uint16_t value = 0;
        std::memcpy(&value, row + 2 * i, 2);
        *to = static_cast<std::uint8_t>((value + 128U) / 257U);
      } else if (page_.bits == 8) {
        *to = row[i];
      } else {
        const std::size_t bit = i * page_.bits;
        const unsigned mask = (1U << page_.bits) - 1;
        const unsigned value = row[bit / 8] >> (8 - page_.bits - bit % 8) & mask;
        const bool index = page_.photometric == PHOTOMETRIC_PALETTE;
        *to = static_cast<std::uint8_t>(index ? value : value * 255 / mask);
      }
    }
  }

  void convert(std::size_t columns, std::uint8_t* to) const {
    const std::size_t colours = page_.colours();
    for (std::size_t x = 0; x < columns; ++x) {
      const std::uint8_t* pixel = samples_.data() + x * page_.samples;
      if (page_.photometric == PHOTOMETRIC_PALETTE) {
        std::memcpy(to + 3 * x, palette_[*pixel].data(), 3);
        continue;
      }
      for (std::size_t c = 0; c < colours; ++c) {
        const std::uint8_t value = page_.multiplied ? divided(pixel[c], pixel[colours]) : pixel[c];
        to[x * colours + c] = page_.photometric == PHOTOMETRIC_MINISWHITE
                                  ? static_cast<std::uint8_t>(255 - value)
                                  : value;
      }
    }
  }

  /// A colour that was multiplied by alpha, as Pillow divides it.
  static std::uint8_t divided(unsigned value, unsigned alpha) {
    return static_cast<std::uint8_t>(alpha == 0 ? 0 : std::min(value * 255 / alpha, 255U));
  }

  TIFF* tiff_;
  const Page& page_;
  std::uint8_t* out_;
  std::size_t block_bytes_;
  std::vector<std::uint8_t> blocks_;   ///< as they are stored: one, or one a sample
  std::vector<std::uint8_t> samples_;  ///< of a row of a block, one a byte
  std::array<std::array<std::uint8_t, 3>, 256> palette_{};
};

std::string decode_tiff(std::span<const std::uint8_t> bytes, DecodedImage& out) {
  MemoryFile file{bytes};
  const OpenTiff tiff = open_tiff(file);
  const auto damaged = [&] {
    return std::string(file.error[0] == '\0' ? "damaged" : file.error.data());
  };
  if (tiff == nullptr) {
    return damaged();
  }
  const Page page = read_page(tiff.get());
  out.check_size(page.width, page.height);
  if (std::string reason = objection(tiff.get(), page); !reason.empty()) {
    return reason;
  }
  std::uint8_t* const samples = out.begin(page.width, page.height, page.channels());
  return PageReader(tiff.get(), page, samples).read() ? std::string() : damaged();
}

const char* tiff_library() {
  static const std::string text = [] {
    std::string first_line = TIFFGetVersion();  // "LIBTIFF, Version 4.5.0\nCopyright ..."
    first_line.resize(std::min(first_line.find('\n'), first_line.size()));
    const std::size_t number = first_line.rfind(' ');
    return "libtiff" + (number == std::string::npos ? std::string() : first_line.substr(number));
  }();
  return text.c_str();
}

}  // namespace
}  // namespace gradspace

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_format_module_entry() {
  static const gradspace::FormatModuleEntry entry{
      {gradspace::kFormatModuleAbi, gradspace::kVersion},
      gradspace::tiff_library,
      /*bytes_a_pixel=*/16,  // all of an image may be one strip
      gradspace::decode_tiff};
  return &entry;
}
