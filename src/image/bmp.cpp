// Windows and OS/2 bitmaps, read as Pillow 9.4 reads them: the headers of 12, 40, 64, 108 and 124
// bytes, 1 to 32 bits, the bit masks it knows, RLE4 and RLE8; and as later versions of it the headers of 52
// and 56 bytes, which are that of 40 with the masks in it. Where Pillow misreads a well-formed file
// (runs and jumps in RLE data, black-and-white palettes of 4- and 8-bit files) we follow the format.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "gradspace/error.h"
#include "image/codec.h"
#include "image/colour_kernels.h"

namespace gradspace::codec {
namespace {

constexpr std::size_t kFileHeaderSize = 14;
constexpr std::size_t kOs2HeaderSize = 12;
constexpr std::size_t kInfoHeaderSize = 40;

constexpr std::uint32_t kRaw = 0;
constexpr std::uint32_t kRle8 = 1;
constexpr std::uint32_t kRle4 = 2;
constexpr std::uint32_t kBitFields = 3;

std::uint32_t le16(const std::uint8_t* p) {
  return p[0] | static_cast<std::uint32_t>(p[1]) << 8;
}
std::uint32_t le32(const std::uint8_t* p) {
  return le16(p) | le16(p + 2) << 16;
}

struct Header {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  std::uint32_t bits = 0;
  std::uint32_t compression = kRaw;
  std::uint32_t colours = 0;
  std::array<std::uint32_t, 4> masks{};  ///< red, green, blue, alpha
  std::size_t palette_entry_size = 4;
  std::size_t palette_offset = 0;
  std::size_t pixel_offset = 0;

  bool indexed() const { return bits <= 8; }
  std::size_t row_bytes() const { return (static_cast<std::size_t>(width) * bits + 7) / 8; }
  std::size_t stride() const { return (row_bytes() + 3) & ~std::size_t{3}; }
  /// Where row `y` from the top stands in a file of `height` rows.
  std::size_t stored_row(int y) const {
    return static_cast<std::size_t>(top_down ? y : height - 1 - y);
  }
  /// The row `y` from the top, in a file whose rows are all there, uncompressed.
  const std::uint8_t* row(Bytes bytes, int y) const {
    return bytes.data() + pixel_offset + stored_row(y) * stride();
  }
  RowLayout layout(int channels, ChannelOrder order = ChannelOrder::kRgb) const {
    return {static_cast<int>(width), static_cast<int>(height), channels, order};
  }
};

void read_masks(Bytes bytes, std::size_t header_size, std::string_view name, Header& header) {
  // Only the longer headers have one for alpha; the masks of the shortest follow it.
  const std::size_t masks = header_size <= kInfoHeaderSize + 3 * 4 ? 3 : 4;
  if (header_size == kInfoHeaderSize) {
    header.palette_offset += 3 * 4;
    if (bytes.size() < header.palette_offset) {
      throw_truncated(name, "header");
    }
  }
  for (std::size_t i = 0; i < masks; ++i) {
    header.masks[i] = le32(bytes.data() + kFileHeaderSize + kInfoHeaderSize + 4 * i);
  }
}

Header parse_header(Bytes bytes, std::string_view name) {
  if (bytes.size() < kFileHeaderSize + 4) {
    throw_truncated(name, "header");
  }
  const std::size_t header_size = le32(bytes.data() + kFileHeaderSize);
  constexpr std::array<std::size_t, 7> kKnown = {
      kOs2HeaderSize, kInfoHeaderSize, 52, 56, 64, 108, 124};
  if (std::find(kKnown.begin(), kKnown.end(), header_size) == kKnown.end()) {
    throw FormatError(
        fmt::format("{}: BMP header of {} bytes; known are 12, 40, 52, 56, 64, 108 and "
                    "124",
                    name, header_size));
  }
  if (bytes.size() < kFileHeaderSize + header_size) {
    throw_truncated(name, "header");
  }
  const std::uint8_t* info = bytes.data() + kFileHeaderSize;
  Header header;
  header.palette_offset = kFileHeaderSize + header_size;
  if (header_size == kOs2HeaderSize) {
    header.width = le16(info + 4);
    header.height = le16(info + 6);
    header.bits = le16(info + 10);
    header.palette_entry_size = 3;
  } else {
    header.width = le32(info + 4);
    header.height = le32(info + 8);
    header.top_down = info[11] == 0xFF;  // a negative height of a believable size
    if (header.top_down) {
      header.height = (std::int64_t{1} << 32) - header.height;
    }
    header.bits = le16(info + 14);
    header.compression = le32(info + 16);
    header.colours = le32(info + 32);
    if (header.compression == kBitFields) {
      read_masks(bytes, header_size, name, header);
    }
  }
  constexpr std::array<std::uint32_t, 6> kDepths = {1, 4, 8, 16, 24, 32};
  if (std::find(kDepths.begin(), kDepths.end(), header.bits) == kDepths.end()) {
    throw FormatError(fmt::format("{}: BMP of {} bits a pixel; known are 1, 4, 8, 16, 24 and 32",
                                  name, header.bits));
  }
  check_size(header.width, header.height, name);
  if (header.indexed() && header.colours == 0) {
    header.colours = 1U << header.bits;
  }
  header.pixel_offset = le32(bytes.data() + 10);
  if (header.indexed() && header.pixel_offset == kFileHeaderSize + header_size) {
    // Some writers forgot the palette in the offset.
    header.pixel_offset += 4 * std::size_t{header.colours};
  } else if (header.pixel_offset == 0) {
    header.pixel_offset =
        header.palette_offset + (header.indexed() ? header.palette_entry_size * header.colours : 0);
  }
  return header;
}

struct IndexedColours {
  Palette palette;
  int channels = 3;  ///< 1 where the palette only says that index and grey value are the same
};

IndexedColours read_palette(Bytes bytes, const Header& header, std::string_view name) {
  constexpr std::uint32_t kMaxColours = 65536;
  if (header.colours > kMaxColours) {
    throw FormatError(fmt::format("{}: BMP palette of {} colours", name, header.colours));
  }
  const Bytes entries = bytes.subspan(std::min(header.palette_offset, bytes.size()));
  const std::size_t count =
      std::min<std::size_t>(header.colours, entries.size() / header.palette_entry_size);
  const bool bilevel = header.colours == 2;
  IndexedColours result;
  bool grey = count == header.colours;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* bgr = entries.data() + i * header.palette_entry_size;
    const auto identity = static_cast<std::uint8_t>(bilevel && i == 1 ? 255 : i);
    grey = grey && bgr[0] == identity && bgr[1] == identity && bgr[2] == identity;
    if (i < 256) {
      result.palette.set(i, bgr[2], bgr[1], bgr[0]);
    }
  }
  if (!grey && count > 256) {
    throw FormatError(fmt::format("{}: BMP palette of {} colours", name, count));
  }
  result.channels = grey ? 1 : 3;
  return result;
}

/// Throws unless all rows are there; the padding of the last one may be missing.
void check_raw_size(Bytes bytes, const Header& header, std::string_view name) {
  const std::size_t needed =
      header.stride() * static_cast<std::size_t>(header.height - 1) + header.row_bytes();
  if (header.pixel_offset > bytes.size() || bytes.size() - header.pixel_offset < needed) {
    throw_truncated(name, "pixels");
  }
}

void decode_indexed(Bytes bytes, const Header& header, std::string_view name, RowSink& out) {
  check_raw_size(bytes, header, name);
  const IndexedColours colours = read_palette(bytes, header, name);
  out.begin(header.layout(colours.channels));
  std::vector<std::uint8_t> indices(static_cast<std::size_t>(header.width));
  for (int y = 0; y < header.height; ++y) {
    unpack_bits(header.row(bytes, y), static_cast<int>(header.bits), indices.size(),
                indices.data());
    colours.palette.resolve(indices, colours.channels, out.place());
    out.take_placed();
  }
}

/// Run-length data as indices, rows in the order of the file. Indices that are skipped are 0; what
/// runs past the end of a row is dropped. Throws unless the data reaches the last pixel.
class RleReader {
 public:
  RleReader(Bytes bytes, const Header& header, std::string_view name)
      : bytes_(bytes),
        position_(header.pixel_offset),
        nibbles_(header.compression == kRle4),
        width_(static_cast<std::size_t>(header.width)),
        height_(static_cast<std::size_t>(header.height)),
        name_(name) {}

  std::vector<std::uint8_t> read() {
    indices_.assign(width_ * height_, 0);
    while (y_ + 1 < height_ || (y_ + 1 == height_ && x_ < width_)) {
      const std::uint8_t count = next();
      const std::uint8_t value = next();
      if (count > 0) {
        put_run(count, value);
      } else if (value == kEndOfLine) {
        x_ = 0;
        ++y_;
      } else if (value == kEndOfBitmap) {
        throw FormatError(
            fmt::format("{}: BMP run-length data ends in row {} of {}", name_, y_ + 1, height_));
      } else if (value == kJump) {
        x_ += next();
        y_ += next();
      } else {
        put_literal(value);
      }
    }
    return std::move(indices_);
  }

 private:
  static constexpr std::uint8_t kEndOfLine = 0;
  static constexpr std::uint8_t kEndOfBitmap = 1;
  static constexpr std::uint8_t kJump = 2;

  std::uint8_t next() {
    if (position_ >= bytes_.size()) {
      throw_truncated(name_, "pixels");
    }
    return bytes_[position_++];
  }

  std::uint8_t pick(std::uint8_t pair, std::size_t i) const {
    if (!nibbles_) {
      return pair;
    }
    return i % 2 == 0 ? pair >> 4 : pair & 0x0F;
  }

  void put(std::uint8_t index) {
    if (x_ < width_) {
      indices_[y_ * width_ + x_++] = index;
    }
  }

  void put_run(std::size_t count, std::uint8_t value) {
    for (std::size_t i = 0; i < count; ++i) {
      put(pick(value, i));
    }
  }

  void put_literal(std::size_t count) {
    std::uint8_t pair = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!nibbles_ || i % 2 == 0) {
        pair = next();
      }
      put(pick(pair, i));
    }
    position_ += position_ % 2;  // literals fill up 16-bit words
  }

  Bytes bytes_;
  std::size_t position_;
  bool nibbles_;
  std::size_t width_;
  std::size_t height_;
  std::string_view name_;
  std::vector<std::uint8_t> indices_;
  std::size_t x_ = 0;
  std::size_t y_ = 0;
};

void decode_rle(Bytes bytes, const Header& header, std::string_view name, RowSink& out) {
  if (!header.indexed()) {
    throw FormatError(
        fmt::format("{}: BMP of {} bits a pixel can't be run-length encoded", name, header.bits));
  }
  check_plausible(header.width, header.height, bytes.size(), kRlePixelsAByte, name);
  const IndexedColours colours = read_palette(bytes, header, name);
  const auto width = static_cast<std::size_t>(header.width);
  out.expect_memory(width * static_cast<std::size_t>(header.height));
  const std::vector<std::uint8_t> indices = RleReader(bytes, header, name).read();
  out.begin(header.layout(colours.channels));
  for (int y = 0; y < header.height; ++y) {
    const Bytes row = Bytes(indices).subspan(header.stored_row(y) * width, width);
    colours.palette.resolve(row, colours.channels, out.place());
    out.take_placed();
  }
}

/// Where the three samples of a pixel of 24 or 32 bits are.
struct ByteOrder {
  std::size_t red = 2;
  std::size_t green = 1;
  std::size_t blue = 0;
};

[[noreturn]] void throw_unknown_masks(const Header& header, std::string_view name) {
  throw FormatError(
      fmt::format("{}: BMP of {} bits with masks {:08x} {:08x} {:08x} {:08x}: not supported", name,
                  header.bits, header.masks[0], header.masks[1], header.masks[2], header.masks[3]));
}

ByteOrder byte_order(const Header& header, std::string_view name) {
  if (header.compression != kBitFields) {
    return {};
  }
  using Masks = std::array<std::uint32_t, 4>;
  const Masks& masks = header.masks;
  if (header.bits == 24) {
    if (masks[0] == 0xFF0000 && masks[1] == 0xFF00 && masks[2] == 0xFF) {
      return {};
    }
  } else if (masks == Masks{0xFF0000, 0xFF00, 0xFF, 0} ||
             masks == Masks{0xFF0000, 0xFF00, 0xFF, 0xFF000000} || masks == Masks{}) {
    return {};
  } else if (masks == Masks{0xFF000000, 0xFF0000, 0xFF00, 0} ||
             masks == Masks{0xFF000000, 0xFF0000, 0xFF00, 0xFF}) {
    return {3, 2, 1};
  } else if (masks == Masks{0xFF, 0xFF00, 0xFF0000, 0xFF000000}) {
    return {0, 1, 2};
  }
  throw_unknown_masks(header, name);
}

/// How many of the 16 bits are green: 5 or 6.
unsigned green_bits(const Header& header, std::string_view name) {
  if (header.compression != kBitFields) {
    return 5;
  }
  const auto& masks = header.masks;
  if (masks[0] == 0x7C00 && masks[1] == 0x3E0 && masks[2] == 0x1F) {
    return 5;
  }
  if (masks[0] == 0xF800 && masks[1] == 0x7E0 && masks[2] == 0x1F) {
    return 6;
  }
  throw_unknown_masks(header, name);
}

void unpack_16_bits(const std::uint8_t* stored, unsigned green, std::size_t count,
                    std::uint8_t* out) {
  const unsigned green_max = (1U << green) - 1U;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t pixel = le16(stored + 2 * i);
    out[3 * i] = static_cast<std::uint8_t>(((pixel >> (5 + green)) & 31U) * 255 / 31);
    out[3 * i + 1] = static_cast<std::uint8_t>(((pixel >> 5) & green_max) * 255 / green_max);
    out[3 * i + 2] = static_cast<std::uint8_t>((pixel & 31U) * 255 / 31);
  }
}

void unpack_32_bits(const std::uint8_t* stored, const ByteOrder& order, std::size_t count,
                    std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    out[3 * i] = stored[4 * i + order.red];
    out[3 * i + 1] = stored[4 * i + order.green];
    out[3 * i + 2] = stored[4 * i + order.blue];
  }
}

void decode_direct(Bytes bytes, const Header& header, std::string_view name, RowSink& out) {
  const unsigned green = header.bits == 16 ? green_bits(header, name) : 0;
  const ByteOrder order = header.bits == 16 ? ByteOrder{} : byte_order(header, name);
  check_raw_size(bytes, header, name);
  out.begin(header.layout(3, header.bits == 24 ? ChannelOrder::kBgr : ChannelOrder::kRgb));
  const auto width = static_cast<std::size_t>(header.width);
  for (int y = 0; y < header.height; ++y) {
    const std::uint8_t* stored = header.row(bytes, y);
    if (header.bits == 24) {
      take_stored_row(bytes, stored, header.row_bytes(), out);
      continue;
    }
    if (header.bits == 32) {
      unpack_32_bits(stored, order, width, out.place());
    } else {
      unpack_16_bits(stored, green, width, out.place());
    }
    out.take_placed();
  }
}

class Writer {
 public:
  explicit Writer(std::size_t capacity) { bytes_.reserve(capacity); }
  void u16(std::uint32_t value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
    bytes_.push_back(static_cast<std::uint8_t>(value >> 8));
  }
  void u32(std::size_t value) {
    u16(static_cast<std::uint32_t>(value & 0xFFFF));
    u16(static_cast<std::uint32_t>(value >> 16));
  }
  std::vector<std::uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

void decode_bmp(Bytes bytes, std::string_view name, RowSink& out) {
  const Header header = parse_header(bytes, name);
  switch (header.compression) {
    case kRle8:
    case kRle4:
      return decode_rle(bytes, header, name, out);
    case kRaw:
      return header.indexed() ? decode_indexed(bytes, header, name, out)
                              : decode_direct(bytes, header, name, out);
    case kBitFields:
      if (!header.indexed()) {
        return decode_direct(bytes, header, name, out);
      }
      throw_unknown_masks(header, name);
    default:
      throw FormatError(
          fmt::format("{}: BMP compression {} is not supported", name, header.compression));
  }
}

std::vector<std::uint8_t> encode_bmp(const ImageView& image) {
  const bool grey = image.channels() == 1;
  const std::size_t colours = grey ? 256 : 0;
  const std::size_t row_size = image.row(0).size();
  const std::size_t stride = (row_size + 3) & ~std::size_t{3};
  const std::size_t pixel_offset = kFileHeaderSize + kInfoHeaderSize + 4 * colours;
  const std::size_t pixel_size = stride * static_cast<std::size_t>(image.height());
  constexpr std::size_t kPixelsAMetre = 3780;  // 96 dots an inch

  Writer writer(pixel_offset + pixel_size);
  writer.u16('B' | 'M' << 8);
  writer.u32(pixel_offset + pixel_size);
  writer.u32(0);
  writer.u32(pixel_offset);
  writer.u32(kInfoHeaderSize);
  writer.u32(static_cast<std::size_t>(image.width()));
  writer.u32(static_cast<std::size_t>(image.height()));
  writer.u16(1);
  writer.u16(grey ? 8 : 24);
  writer.u32(kRaw);
  writer.u32(pixel_size);
  writer.u32(kPixelsAMetre);
  writer.u32(kPixelsAMetre);
  writer.u32(colours);
  writer.u32(colours);
  for (std::size_t i = 0; i < colours; ++i) {
    writer.u32(i | i << 8 | i << 16);
  }
  std::vector<std::uint8_t>& bytes = writer.bytes();
  bytes.resize(pixel_offset + pixel_size);
  for (int y = 0; y < image.height(); ++y) {
    const auto from = image.row(image.height() - 1 - y);
    std::uint8_t* to = bytes.data() + pixel_offset + static_cast<std::size_t>(y) * stride;
    if (grey || image.order() == ChannelOrder::kBgr) {
      std::memcpy(to, from.data(), row_size);
    } else {
      kernels::swap_red_blue(from.data(), static_cast<std::size_t>(image.width()), to);
    }
  }
  return std::move(writer.bytes());
}

}  // namespace gradspace::codec
