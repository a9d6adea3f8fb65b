// PBM, PGM and PPM, plain and raw (P1 to P6). A comment counts as the white space that ends it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>

#include "gradspace/error.h"
#include "image/codec.h"
#include "image/raw_image.h"

namespace gradspace::codec {
namespace {

constexpr int kMaxDigits = 10;

bool is_space(std::uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

class Reader {
 public:
  Reader(Bytes bytes, std::size_t position, std::string_view name)
      : bytes_(bytes), position_(position), name_(name) {}

  /// A decimal number and the one white-space character, or comment, that ends it.
  std::int64_t number() {
    std::uint8_t c = first_of_token();
    std::int64_t value = 0;
    for (int digits = 0; !is_space(c); ++digits) {
      if (c < '0' || c > '9' || digits == kMaxDigits) {
        throw FormatError(fmt::format("{}: PNM: expected a number at byte {}", name_, position_));
      }
      value = 10 * value + (c - '0');
      if (position_ == bytes_.size()) {  // the last number may end with the file
        break;
      }
      c = next();
    }
    return value;
  }

  /// A sample of a plain bitmap: white space between them is optional.
  bool bit() {
    const std::uint8_t c = first_of_token();
    if (c != '0' && c != '1') {
      throw FormatError(fmt::format("{}: PNM: expected 0 or 1 at byte {}", name_, position_));
    }
    return c == '1';
  }

  Bytes rest() const { return bytes_.subspan(position_); }

 private:
  /// The next character, a comment read as the end of its line.
  std::uint8_t next() {
    if (position_ == bytes_.size()) {
      throw_truncated(name_, "numbers");
    }
    std::uint8_t c = bytes_[position_++];
    if (c == '#') {
      while (position_ < bytes_.size() && c != '\n' && c != '\r') {
        c = bytes_[position_++];
      }
      return '\n';
    }
    return c;
  }

  std::uint8_t first_of_token() {
    std::uint8_t c = next();
    while (is_space(c)) {
      c = next();
    }
    return c;
  }

  Bytes bytes_;
  std::size_t position_;
  std::string_view name_;
};

/// Samples of 0 .. max to 0 .. 255, in Pillow's arithmetic: doubles, ties to even. (Its grey samples
/// above 255 go to 16 bits first; dividing those by 257 comes out the same.)
std::uint8_t scale(std::int64_t value, std::int64_t max) {
  const double share = static_cast<double>(value) / static_cast<double>(max);
  return static_cast<std::uint8_t>(std::nearbyint(std::min(share, 1.0) * 255));
}

/// Gives all rows, each written by `write_row(samples)`.
template <typename WriteRow>
void give_rows(const RowLayout& layout, RowSink& out, const WriteRow& write_row) {
  for (int y = 0; y < layout.height; ++y) {
    write_row(std::span(out.place(), layout.row_size()));
    out.take_placed();
  }
}

void decode_bitmap(Reader& reader, bool plain, const RowLayout& layout, RowSink& out) {
  if (plain) {
    return give_rows(layout, out, [&](std::span<std::uint8_t> row) {
      std::ranges::generate(row, [&] { return reader.bit() ? 0 : 255; });
    });
  }
  const std::uint8_t* packed = reader.rest().data();
  give_rows(layout, out, [&](std::span<std::uint8_t> row) {
    unpack_bits(packed, 1, row.size(), row.data());
    for (std::uint8_t& sample : row) {
      sample = sample == 0 ? 255 : 0;
    }
    packed += (row.size() + 7) / 8;
  });
}

void decode_plain(Reader& reader, std::int64_t max, std::string_view name, const RowLayout& layout,
                  RowSink& out) {
  give_rows(layout, out, [&](std::span<std::uint8_t> row) {
    for (std::uint8_t& sample : row) {
      const std::int64_t value = reader.number();
      if (value > max) {
        throw FormatError(
            fmt::format("{}: PNM: sample {} over the largest value, {}", name, value, max));
      }
      sample = scale(value, max);
    }
  });
}

void decode_raw(Bytes stored, std::int64_t max, const RowLayout& layout, RowSink& out) {
  const std::uint8_t* next = stored.data();
  if (max == 255) {
    for (int y = 0; y < layout.height; ++y) {
      take_stored_row(stored, next, layout.row_size(), out);
      next += layout.row_size();
    }
    return;
  }
  if (max > 255) {
    return give_rows(layout, out, [&](std::span<std::uint8_t> row) {
      for (std::uint8_t& sample : row) {
        sample = scale(next[0] << 8 | next[1], max);
        next += 2;
      }
    });
  }
  std::array<std::uint8_t, 256> scaled{};
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    scaled[i] = scale(static_cast<std::int64_t>(i), max);
  }
  give_rows(layout, out, [&](std::span<std::uint8_t> row) {
    std::transform(next, next + row.size(), row.data(),
                   [&](std::uint8_t value) { return scaled[value]; });
    next += row.size();
  });
}

}  // namespace

void decode_pnm(Bytes bytes, std::string_view name, RowSink& out) {
  const int kind = bytes[1] - '0';  // the format was recognised by its first three bytes
  const bool plain = kind <= 3;
  const bool bitmap = kind % 3 == 1;
  const int channels = kind % 3 == 0 ? 3 : 1;
  Reader reader(bytes, 2, name);
  const std::int64_t width = reader.number();
  const std::int64_t height = reader.number();
  const std::int64_t max = bitmap ? 1 : reader.number();
  check_size(width, height, name);
  if (max < 1 || max > 65535) {
    throw FormatError(fmt::format("{}: PNM: largest value {}, must be 1 to 65535", name, max));
  }
  // The fewest bytes that can hold the pixels: nothing is allocated for a file that has not got them.
  const std::int64_t samples = width * height * channels;
  std::int64_t needed = samples * (max < 256 ? 1 : 2);
  if (plain) {
    needed = bitmap ? samples : 2 * samples - 1;
  } else if (bitmap) {
    needed = (width + 7) / 8 * height;
  }
  if (static_cast<std::int64_t>(reader.rest().size()) < needed) {
    throw_truncated(name, "pixels");
  }
  const RowLayout layout{static_cast<int>(width), static_cast<int>(height), channels};
  out.begin(layout);
  if (bitmap) {
    decode_bitmap(reader, plain, layout, out);
  } else if (plain) {
    decode_plain(reader, max, name, layout, out);
  } else {
    decode_raw(reader.rest(), max, layout, out);
  }
}

std::vector<std::uint8_t> encode_pnm(const ImageView& image) {
  const std::string header = fmt::format("P{}\n{} {}\n255\n", image.channels() == 1 ? 5 : 6,
                                         image.width(), image.height());
  const std::size_t row_size = image.row(0).size();
  std::vector<std::uint8_t> bytes(header.size() +
                                  row_size * static_cast<std::size_t>(image.height()));
  std::uint8_t* to = std::ranges::copy(header, bytes.data()).out;
  for (int y = 0; y < image.height(); ++y) {
    copy_rgb_row(image, y, to);
    to += row_size;
  }
  return bytes;
}

}  // namespace gradspace::codec
