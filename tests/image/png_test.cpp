// PNG files assembled by hand; every colour type, depth and interlacing is in pillow_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <string_view>
#include <utility>

#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/test_images.h"

namespace gradspace {
namespace {

using testing::bytes_of;
using testing::ByteVector;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void put_be32(ByteVector& bytes, std::uint32_t value) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

ByteVector deflate(const ByteVector& data) {
  ByteVector packed(compressBound(data.size()));
  uLongf size = packed.size();
  EXPECT_EQ(compress(packed.data(), &size, data.data(), data.size()), Z_OK);
  packed.resize(size);
  return packed;
}

class PngWriter {
 public:
  PngWriter(std::uint32_t width, std::uint32_t height, std::uint8_t bits, std::uint8_t colour_type)
      : bytes_(bytes_of("\x89PNG\r\n\x1A\n")) {
    ByteVector header;
    put_be32(header, width);
    put_be32(header, height);
    header.insert(header.end(), {bits, colour_type, 0, 0, 0});
    chunk("IHDR", header);
  }

  PngWriter& chunk(std::string_view kind, const ByteVector& data) {
    put_be32(bytes_, static_cast<std::uint32_t>(data.size()));
    ByteVector checked = bytes_of(kind);
    checked.insert(checked.end(), data.begin(), data.end());
    bytes_.insert(bytes_.end(), checked.begin(), checked.end());
    put_be32(bytes_, static_cast<std::uint32_t>(
                         crc32(0, checked.data(), static_cast<uInt>(checked.size()))));
    return *this;
  }

  ByteVector end() { return chunk("IEND", {}).bytes_; }

 private:
  ByteVector bytes_;
};

Image decode(const ByteVector& bytes) {
  return decode_image(bytes, "test.png");
}

TEST(Png, RoundsSixteenBitsExactly) {
  // All 65536 values; libpng's arithmetic is not ours.
  ByteVector rows;
  for (int high = 0; high < 256; ++high) {
    rows.push_back(0);
    for (int low = 0; low < 256; ++low) {
      rows.push_back(static_cast<std::uint8_t>(high));
      rows.push_back(static_cast<std::uint8_t>(low));
    }
  }
  const Image image = decode(PngWriter(256, 256, 16, 0).chunk("IDAT", deflate(rows)).end());
  for (unsigned value = 0; value < 65536; ++value) {
    ASSERT_EQ(image.pixels()[value], (value + 128) / 257) << value;
  }
}

TEST(Png, DropsAlpha) {
  EXPECT_EQ(
      decode(PngWriter(2, 1, 8, 6).chunk("IDAT", deflate({0, 1, 2, 3, 0, 4, 5, 6, 128})).end()),
      Image(2, 1, 3, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(decode(PngWriter(2, 1, 8, 4).chunk("IDAT", deflate({0, 7, 0, 8, 1})).end()),
            Image(2, 1, 1, {7, 8}));
}

TEST(Png, ResolvesPalettes) {
  const ByteVector rows = deflate({0, 0b01100000});
  EXPECT_EQ(decode(PngWriter(2, 1, 2, 3)
                       .chunk("PLTE", {1, 2, 3, 4, 5, 6, 7, 8, 9})
                       .chunk("tRNS", {0, 0, 0})
                       .chunk("IDAT", rows)
                       .end()),
            Image(2, 1, 3, {4, 5, 6, 7, 8, 9}));
  EXPECT_THAT([&] { decode(PngWriter(2, 1, 2, 3).chunk("IDAT", rows).end()); },
              ThrowsMessage<FormatError>(HasSubstr("test.png: PNG: ")));
}

TEST(Png, PassesOverTextAndProfiles) {
  const ByteVector rows = deflate({0, 7});
  ByteVector bomb = bytes_of(std::string_view("c\0\0", 3));
  const ByteVector zeros = deflate(ByteVector(1 << 24));
  bomb.insert(bomb.end(), zeros.begin(), zeros.end());
  EXPECT_EQ(decode(PngWriter(1, 1, 8, 0)
                       .chunk("gAMA", {0, 0, 1, 0})
                       .chunk("zTXt", bomb)
                       .chunk("iCCP", bomb)
                       .chunk("IDAT", rows)
                       .chunk("tEXt", bytes_of("any"))
                       .end()),
            Image(1, 1, 1, {7}));
}

/// Length, kind and checksum: what stands behind the pixels in a plain file.
constexpr std::size_t kEndChunk = 12;

TEST(Png, RefusesADamagedByteInThePixelsOrBeforeThem) {
  const ByteVector file = encode_image(testing::gradient_image(9, 7, 3), ImageFormat::kPng);
  for (std::size_t i = 0; i < file.size() - kEndChunk; ++i) {
    ByteVector damaged = file;
    damaged[i] ^= 0x10U;
    EXPECT_THROW(decode(damaged), FormatError) << i;
  }
}

TEST(Png, IsRefusedWhenCutInThePixelsOrBeforeThem) {
  const ByteVector file = encode_image(testing::gradient_image(9, 7, 1), ImageFormat::kPng);
  EXPECT_EQ(testing::shortest_accepted(file), file.size() - kEndChunk);
}

TEST(Png, ReadsWhateverStandsBehindThePixels) {
  const Image image = testing::gradient_image(9, 7, 3);
  const ByteVector file = encode_image(image, ImageFormat::kPng);
  const ByteVector pixels(file.begin(), file.end() - kEndChunk);
  const ByteVector text = PngWriter(1, 1, 8, 0).chunk("tEXt", bytes_of("a text")).end();
  const std::size_t text_begin = 8 + 25;
  const auto with = [&](const ByteVector& rest) {
    ByteVector whole = pixels;
    whole.insert(whole.end(), rest.begin(), rest.end());
    return whole;
  };
  EXPECT_EQ(decode(pixels), image) << "no IEND";
  EXPECT_EQ(decode(with(bytes_of("rubbish, and more of it"))), image);
  for (std::size_t i = text_begin; i < text.size(); ++i) {
    ByteVector damaged(text.begin() + text_begin, text.end());
    damaged[i - text_begin] ^= 0x10U;
    EXPECT_EQ(decode(with(damaged)), image) << i;
    damaged.resize(i - text_begin);
    EXPECT_EQ(decode(with(damaged)), image) << "cut to " << i;
  }
}

TEST(Png, RefusesHugeHeadersBeforeAllocating) {
  const ByteVector rows = deflate(ByteVector(1000));
  EXPECT_THAT([&] { decode(PngWriter(0x7FFFFFFF, 0x7FFFFFFF, 8, 2).chunk("IDAT", rows).end()); },
              ThrowsMessage<FormatError>(HasSubstr("2147483647x2147483647 pixels, more than")));
  EXPECT_THAT([&] { decode(PngWriter(1 << 14, 1 << 14, 8, 2).chunk("IDAT", rows).end()); },
              ThrowsMessage<FormatError>(HasSubstr("can't come out of a file of")));
  EXPECT_THROW(decode(PngWriter(0, 1, 8, 2).chunk("IDAT", rows).end()), FormatError);
}

TEST(Png, RefusesTooFewAndImpossibleRows) {
  EXPECT_THROW(decode(PngWriter(1, 2, 8, 0).chunk("IDAT", deflate({0, 7})).end()), FormatError);
  EXPECT_THROW(decode(PngWriter(1, 1, 8, 0).chunk("IDAT", deflate({9, 7})).end()), FormatError);
  EXPECT_THROW(decode(PngWriter(1, 1, 3, 0).chunk("IDAT", deflate({0, 7})).end()), FormatError);
  EXPECT_THROW(decode(PngWriter(1, 1, 8, 0).end()), FormatError);
}

}  // namespace
}  // namespace gradspace
