#include "image/codec.h"

#include <fmt/format.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "gradspace/error.h"
#include "image/colour_kernels.h"
#include "image/format_modules.h"

namespace gradspace::codec {

void Pixels::begin(const RowLayout& layout) {
  layout_ = layout;
  samples_.resize(layout.row_size() * static_cast<std::size_t>(layout.height));
}

void Pixels::expect_memory(std::size_t /*bytes*/) {}

std::uint8_t* Pixels::place() {
  return samples_.data() + taken_;
}

void Pixels::take(const std::uint8_t* row) {
  const std::size_t size = layout_.row_size();
  if (layout_.channels == 3 && layout_.order == ChannelOrder::kBgr) {
    kernels::swap_red_blue(row, static_cast<std::size_t>(layout_.width), place());
  } else if (row != place()) {
    std::memcpy(place(), row, size);
  }
  taken_ += size;
}

Image Pixels::image() && {
  return {layout_.width, layout_.height, layout_.channels, std::move(samples_)};
}

/// The last byte of a file has none behind it that could be read: a row that ends there is copied.
void take_stored_row(Bytes file, const std::uint8_t* row, std::size_t size, RowSink& out) {
  if (row + size < file.data() + file.size()) {
    out.take(row);
  } else {
    std::memcpy(out.place(), row, size);
    out.take_placed();
  }
}

void check_size(std::int64_t width, std::int64_t height, std::string_view name) {
  if (width < 1 || height < 1) {
    throw FormatError(
        fmt::format("{}: {}x{} pixels; both sides must be at least 1", name, width, height));
  }
  if (width > kMaxPixels || height > kMaxPixels || width * height > kMaxPixels) {
    throw FormatError(
        fmt::format("{}: {}x{} pixels, more than the {} allowed", name, width, height, kMaxPixels));
  }
}

void check_plausible(std::int64_t width, std::int64_t height, std::size_t file_size,
                     std::int64_t pixels_a_byte, std::string_view name) {
  check_size(width, height, name);
  if (width * height / pixels_a_byte > static_cast<std::int64_t>(file_size)) {
    throw FormatError(fmt::format("{}: {}x{} pixels can't come out of a file of {} bytes", name,
                                  width, height, file_size));
  }
}

void throw_truncated(std::string_view name, std::string_view what) {
  throw FormatError(fmt::format("{}: truncated: the file ends in its {}", name, what));
}

Palette::Palette() {
  for (std::size_t i = 0; i < rgb_.size(); ++i) {
    rgb_[i].fill(static_cast<std::uint8_t>(i));
  }
}

void Palette::resolve(Bytes indices, int channels, std::uint8_t* out) const {
  if (channels == 1) {
    for (const std::uint8_t index : indices) {
      *out++ = rgb_[index][0];
    }
    return;
  }
  for (const std::uint8_t index : indices) {
    std::memcpy(out, rgb_[index].data(), 3);
    out += 3;
  }
}

void unpack_bits(const std::uint8_t* packed, int bits, std::size_t count, std::uint8_t* out) {
  if (bits == 8) {
    std::memcpy(out, packed, count);
    return;
  }
  const unsigned width = static_cast<unsigned>(bits);
  const unsigned per_byte = 8 / width;
  const unsigned mask = (1U << width) - 1U;
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned shift = 8 - width - static_cast<unsigned>(i % per_byte) * width;
    out[i] = static_cast<std::uint8_t>((packed[i / per_byte] >> shift) & mask);
  }
}

bool begins_as_image(Bytes begin) {
  constexpr std::size_t kBmpHeaderSize = 14;  // where the size of the second header stands
  const std::string_view text(reinterpret_cast<const char*>(begin.data()), begin.size());
  if (text.starts_with("BM")) {
    return text.size() > kBmpHeaderSize + 4 && begin[kBmpHeaderSize] >= 12 &&
           text.substr(kBmpHeaderSize + 1, 3) == std::string_view("\0\0\0", 3);
  }
  if (text.starts_with('P')) {
    const std::size_t behind = text.find_first_not_of(" \t\n\v\f\r", 2);
    return text.size() > 3 && text[1] >= '1' && text[1] <= '6' && behind > 2 &&
           behind < text.size() &&
           (text[behind] == '#' || (text[behind] >= '0' && text[behind] <= '9'));
  }
  if (const ModuleFormat* found = find_module_format(begin)) {
    return found->format != ImageFormat::kTiff;
  }
  return text.starts_with("\x89PNG\r\n\x1A\n") || text.starts_with("\xFF\xD8\xFF");
}

void decode(Bytes bytes, std::string_view name, RowSink& out,
            const std::optional<LeastSize>& least) {
  switch (detect_image_format(bytes, name)) {
    case ImageFormat::kBmp:
      return decode_bmp(bytes, name, out);
    case ImageFormat::kPnm:
      return decode_pnm(bytes, name, out);
    case ImageFormat::kPng:
      return decode_png(bytes, name, out);
    case ImageFormat::kJpeg:
      return decode_jpeg(bytes, name, out, least);
    case ImageFormat::kWebp:
    case ImageFormat::kAvif:
    case ImageFormat::kJpegXl:
    case ImageFormat::kTiff:
      return decode_by_module(*find_module_format(bytes), bytes, name, out);
  }
}

}  // namespace gradspace::codec
