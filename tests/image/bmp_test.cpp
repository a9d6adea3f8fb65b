// Hand-assembled bitmaps. Every combination that Pillow can judge is in pillow_test; here are the
// pixels as the format defines them, what Pillow misreads, and hostile headers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/test_images.h"

namespace gradspace {
namespace {

using testing::ByteVector;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void put16(ByteVector& bytes, std::uint32_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value));
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
}

void put32(ByteVector& bytes, std::uint32_t value) {
  put16(bytes, value & 0xFFFF);
  put16(bytes, value >> 16);
}

struct Bmp {
  std::uint32_t header_size = 40;
  std::int32_t width = 1;
  std::int32_t height = 1;
  std::uint32_t bits = 24;
  std::uint32_t compression = 0;
  std::uint32_t colours = 0;
  ByteVector masks{};
  ByteVector palette{};
  ByteVector data{};

  ByteVector bytes() const {
    ByteVector info;
    put32(info, header_size);
    if (header_size == 12) {
      put16(info, static_cast<std::uint32_t>(width));
      put16(info, static_cast<std::uint32_t>(height));
      put16(info, 1);
      put16(info, bits);
    } else {
      put32(info, static_cast<std::uint32_t>(width));
      put32(info, static_cast<std::uint32_t>(height));
      put16(info, 1);
      put16(info, bits);
      put32(info, compression);
      put32(info, static_cast<std::uint32_t>(data.size()));
      put32(info, 0);
      put32(info, 0);
      put32(info, colours);
      put32(info, 0);
      info.insert(info.end(), masks.begin(), masks.end());
      info.resize(std::max<std::size_t>(info.size(), header_size));
    }
    ByteVector file = {'B', 'M'};
    put32(file, 0);
    put32(file, 0);
    put32(file, static_cast<std::uint32_t>(14 + info.size() + palette.size()));
    for (const ByteVector& part : {info, palette, data}) {
      file.insert(file.end(), part.begin(), part.end());
    }
    return file;
  }

  Image decode() const { return decode_image(bytes(), "test.bmp"); }
};

ByteVector masks(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
  ByteVector bytes;
  put32(bytes, red);
  put32(bytes, green);
  put32(bytes, blue);
  return bytes;
}

const ByteVector kBlackAndWhite = {0, 0, 0, 0, 255, 255, 255, 0};
const ByteVector kRedAndBlue = {0, 0, 255, 0, 255, 0, 0, 0};

TEST(Bmp, RowsRunFromTheBottomAndArePadded) {
  const Image expected(1, 2, 3, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ((Bmp{.height = 2, .data = {6, 5, 4, 99, 3, 2, 1, 99}}.decode()), expected);
  EXPECT_EQ((Bmp{.height = -2, .data = {3, 2, 1, 99, 6, 5, 4, 99}}.decode()), expected);
}

TEST(Bmp, Os2HeadersHaveThreeBytesAColour) {
  const Bmp bmp{.header_size = 12,
                .width = 3,
                .bits = 1,
                .palette = {0, 0, 255, 255, 0, 0, /* two bytes to the stated offset */ 0, 0},
                .data = {0b01000000, 0, 0, 0}};
  EXPECT_THAT(bmp.decode().pixels(), ElementsAre(255, 0, 0, 0, 0, 255, 255, 0, 0));
}

TEST(Bmp, OneBitAndFourBitsFillBytesFromTheTop) {
  const Bmp one{.width = 9, .bits = 1, .palette = kBlackAndWhite, .data = {0b10110000, 0x80, 0, 0}};
  EXPECT_EQ(one.decode(), Image(9, 1, 1, {255, 0, 255, 255, 0, 0, 0, 0, 255}));
  const Bmp four{
      .width = 3, .bits = 4, .colours = 2, .palette = kRedAndBlue, .data = {0x10, 0x10, 0, 0}};
  EXPECT_EQ(four.decode(), Image(3, 1, 3, {0, 0, 255, 255, 0, 0, 0, 0, 255}));
}

TEST(Bmp, BlackAndWhitePalettesAreGreyAtAnyDepth) {
  const Image expected(3, 1, 1, {255, 0, 255});
  EXPECT_EQ((Bmp{.width = 3,
                 .bits = 4,
                 .colours = 2,
                 .palette = kBlackAndWhite,
                 .data = {0x10, 0x10, 0, 0}}
                 .decode()),
            expected);
  EXPECT_EQ(
      (Bmp{.width = 3, .bits = 8, .colours = 2, .palette = kBlackAndWhite, .data = {1, 0, 1, 0}}
           .decode()),
      expected);
}

TEST(Bmp, SixteenBitsSpreadToTheWholeRange) {
  // 555: red 31, green 1, blue 16; the top bit counts for nothing.
  EXPECT_EQ((Bmp{.bits = 16, .data = {0b00110000, 0b11111100, 0, 0}}.decode()),
            Image(1, 1, 3, {255, 8, 131}));
  // 565: red 1, green 63, blue 30.
  const Bmp bmp{.bits = 16,
                .compression = 3,
                .masks = masks(0xF800, 0x7E0, 0x1F),
                .data = {0b11111110, 0b00001111, 0, 0}};
  EXPECT_EQ(bmp.decode(), Image(1, 1, 3, {8, 255, 246}));
}

TEST(Bmp, ThirtyTwoBitsFollowTheirMasks) {
  const ByteVector data = {1, 2, 3, 4};
  EXPECT_EQ((Bmp{.bits = 32, .data = data}.decode()), Image(1, 1, 3, {3, 2, 1}));
  EXPECT_EQ(
      (Bmp{.bits = 32, .compression = 3, .masks = masks(0xFF000000, 0xFF0000, 0xFF00), .data = data}
           .decode()),
      Image(1, 1, 3, {4, 3, 2}));
  EXPECT_THAT(
      ([&] { Bmp{.bits = 32, .compression = 3, .masks = masks(1, 2, 4), .data = data}.decode(); }),
      ThrowsMessage<FormatError>(HasSubstr("masks 00000001 00000002 00000004 00000000")));
}

TEST(Bmp, HeadersOf52And56BytesHaveTheMasksInThem) {
  const ByteVector data = {1, 2, 3, 4};
  ByteVector with_alpha = masks(0xFF, 0xFF00, 0xFF0000);
  put32(with_alpha, 0xFF000000);
  for (const std::uint32_t size : {52U, 56U}) {
    EXPECT_EQ((Bmp{.header_size = size, .data = {3, 2, 1}}.decode()), Image(1, 1, 3, {1, 2, 3}));
    EXPECT_EQ((Bmp{.header_size = size,
                   .bits = 32,
                   .compression = 3,
                   .masks = masks(0xFF000000, 0xFF0000, 0xFF00),
                   .data = data}
                   .decode()),
              Image(1, 1, 3, {4, 3, 2}));
    EXPECT_EQ((Bmp{.header_size = size,
                   .bits = 16,
                   .compression = 3,
                   .masks = masks(0xF800, 0x7E0, 0x1F),
                   .data = {0, 0xF8}}
                   .decode()),
              Image(1, 1, 3, {255, 0, 0}));
    EXPECT_EQ((Bmp{.header_size = size,
                   .bits = 8,
                   .colours = 2,
                   .palette = kRedAndBlue,
                   .data = {1, 0, 0, 0}}
                   .decode()),
              Image(1, 1, 3, {0, 0, 255}));
  }
  EXPECT_EQ((Bmp{.header_size = 56, .bits = 32, .compression = 3, .masks = with_alpha, .data = data}
                 .decode()),
            Image(1, 1, 3, {1, 2, 3}));
}

// Two rows of four, run-length encoded; the palette is the identity, so that indices are seen.
Bmp run_length(std::uint32_t bits, ByteVector data) {
  ByteVector identity;
  for (std::uint32_t i = 0; i < (1U << bits); ++i) {
    put32(identity, i * 0x010101U);
  }
  return {.width = 4,
          .height = 2,
          .bits = bits,
          .compression = bits == 8 ? 1U : 2U,
          .palette = identity,
          .data = std::move(data)};
}

TEST(BmpRunLength, RunsAndLiterals) {
  EXPECT_EQ(run_length(8, {3, 7, 1, 9, 0, 0, 0, 4, 1, 2, 3, 4, 0, 1}).decode(),
            Image(4, 2, 1, {1, 2, 3, 4, 7, 7, 7, 9}));
  EXPECT_EQ(run_length(4, {3, 0x79, 1, 0x20, 0, 0, 4, 0x55, 0, 1}).decode(),
            Image(4, 2, 1, {5, 5, 5, 5, 7, 9, 7, 2}));
}

TEST(BmpRunLength, OddLiteralsFillUpWords) {
  EXPECT_EQ(run_length(8, {0, 3, 1, 2, 3, 0, 1, 4, 0, 0, 4, 9}).decode(),
            Image(4, 2, 1, {9, 9, 9, 9, 1, 2, 3, 4}));
  // Three nibbles are two bytes, no filling; Pillow reads one.
  EXPECT_EQ(run_length(4, {0, 3, 0x12, 0x30, 1, 0x40, 0, 0, 4, 0x99}).decode(),
            Image(4, 2, 1, {9, 9, 9, 9, 1, 2, 3, 4}));
}

TEST(BmpRunLength, JumpsAndShortRowsLeaveTheFirstColour) {
  EXPECT_EQ(run_length(8, {1, 7, 0, 2, 2, 1, 1, 8}).decode(),
            Image(4, 2, 1, {0, 0, 0, 8, 7, 0, 0, 0}));
  EXPECT_EQ(run_length(8, {1, 7, 0, 0, 0, 0, 0, 1}).decode(),
            Image(4, 2, 1, {0, 0, 0, 0, 7, 0, 0, 0}));
  EXPECT_EQ(run_length(8, {0, 2, 255, 255}).decode(), Image(4, 2, 1));
}

TEST(BmpRunLength, WhatRunsPastTheRowIsDropped) {
  EXPECT_EQ(run_length(8, {200, 7, 0, 0, 0, 6, 1, 2, 3, 4, 5, 6}).decode(),
            Image(4, 2, 1, {1, 2, 3, 4, 7, 7, 7, 7}));
}

TEST(BmpRunLength, RefusesAnEarlyEnd) {
  EXPECT_THAT(
      [] {
        run_length(8, {4, 7, 0, 1}).decode();
      },
      ThrowsMessage<FormatError>(HasSubstr("ends in row 1 of 2")));
  EXPECT_THAT(
      [] {
        run_length(8, {4, 7, 0, 0, 3}).decode();
      },
      ThrowsMessage<FormatError>(HasSubstr("truncated: the file ends in its pixels")));
}

TEST(Bmp, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT([] { Bmp{.header_size = 60}.decode(); },
              ThrowsMessage<FormatError>(HasSubstr("BMP header of 60 bytes")));
  EXPECT_THAT([] { Bmp{.bits = 2}.decode(); }, ThrowsMessage<FormatError>(HasSubstr("2 bits")));
  EXPECT_THAT([] { Bmp{.compression = 4}.decode(); },
              ThrowsMessage<FormatError>(HasSubstr("compression 4")));
  EXPECT_THAT([] { Bmp{.compression = 1}.decode(); },
              ThrowsMessage<FormatError>(HasSubstr("can't be run-length encoded")));
}

TEST(Bmp, RefusesHugeHeadersBeforeAllocating) {
  constexpr std::int32_t kMost = 0x7FFFFFFF;
  for (const std::uint32_t bits : {1U, 8U, 24U, 32U}) {
    EXPECT_THAT(([&] { Bmp{.width = kMost, .height = kMost, .bits = bits}.decode(); }),
                ThrowsMessage<FormatError>(HasSubstr("2147483647x2147483647 pixels, more than")));
    EXPECT_THROW((Bmp{.width = kMost, .bits = bits}.decode()), FormatError);
    EXPECT_THROW((Bmp{.width = -1, .bits = bits}.decode()), FormatError);
    EXPECT_THROW((Bmp{.height = -kMost - 1, .bits = bits}.decode()), FormatError);
    // Allowed by its size, but the pixels are not there.
    EXPECT_THAT(([&] { Bmp{.width = 1 << 14, .height = 1 << 14, .bits = bits}.decode(); }),
                ThrowsMessage<FormatError>(HasSubstr("truncated")));
  }
  Bmp small = run_length(8, {0, 2, 255, 255});
  small.width = 1 << 14;
  small.height = 1 << 14;
  EXPECT_THAT([&] { small.decode(); },
              ThrowsMessage<FormatError>(HasSubstr("16384x16384 pixels can't come out of a file")));
  EXPECT_THAT(([] { Bmp{.bits = 8, .colours = 1U << 31}.decode(); }),
              ThrowsMessage<FormatError>(HasSubstr("truncated")));
}

TEST(Bmp, IsRefusedWhenCutAnywhereButInTheLastPadding) {
  const ByteVector file = Bmp{.width = 3, .height = 2, .data = ByteVector(24, 7)}.bytes();
  EXPECT_EQ(testing::shortest_accepted(file), file.size() - 3);
  const ByteVector rle = run_length(8, {3, 7, 1, 9, 0, 0, 0, 4, 1, 2, 3, 4, 0, 1}).bytes();
  EXPECT_EQ(testing::shortest_accepted(rle), rle.size() - 2);  // the end marker
}

}  // namespace
}  // namespace gradspace
