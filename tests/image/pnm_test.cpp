#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/test_images.h"

namespace gradspace {
namespace {

using testing::bytes_of;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Image decode(std::string_view text) {
  return decode_image(bytes_of(text), "test.pnm");
}

TEST(Pnm, ReadsPlainAndRaw) {
  EXPECT_EQ(decode("P1\n3 2\n1 0 0\n0 1 1"), Image(3, 2, 1, {0, 255, 255, 255, 0, 0}));
  EXPECT_EQ(decode("P1 3 2 100011"), Image(3, 2, 1, {0, 255, 255, 255, 0, 0}));
  EXPECT_EQ(decode("P2\n2 1\n255\n7 200\n"), Image(2, 1, 1, {7, 200}));
  EXPECT_EQ(decode("P3\n1 2\n255\n1 2 3\n4 5 6"), Image(1, 2, 3, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(decode("P4\n3 2\n\x80\x60"), Image(3, 2, 1, {0, 255, 255, 255, 0, 0}));
  EXPECT_EQ(decode("P5\n2 1\n255\n\x07\xC8"), Image(2, 1, 1, {7, 200}));
  EXPECT_EQ(decode("P6\n1 2\n255\nabcdef"), Image(1, 2, 3, {97, 98, 99, 100, 101, 102}));
}

TEST(Pnm, CommentsCountAsWhiteSpace) {
  const Image expected(2, 1, 1, {7, 200});
  EXPECT_EQ(decode("P2#c\n2#c\n1#c\n255#c\n7#c\n200#c"), expected);
  EXPECT_EQ(decode("P5\n# by # hand\r2 1\n255#c\n\x07\xC8"), expected);
  EXPECT_EQ(decode("P1\n2 1\n1#0\n0"), Image(2, 1, 1, {0, 255}));
  // A '#' behind the header is a sample.
  EXPECT_EQ(decode("P5\n2 1\n255\n#\n"), Image(2, 1, 1, {'#', '\n'}));
}

TEST(Pnm, ScalesToEightBits) {
  EXPECT_EQ(decode("P2 3 1 1 0 1 1"), Image(3, 1, 1, {0, 255, 255}));
  EXPECT_EQ(decode("P2 3 1 65535 128 129 65535"), Image(3, 1, 1, {0, 1, 255}));
  EXPECT_EQ(decode(std::string_view("P5 2 1 65535 \x00\x80\x01\x82", 17)), Image(2, 1, 1, {0, 2}));
  EXPECT_EQ(decode(std::string_view("P6 1 1 1023 \x00\x00\x03\xFF\x01\xFF", 18)),
            Image(1, 1, 3, {0, 255, 127}));
}

TEST(Pnm, RefusesBadNumbers) {
  EXPECT_THAT([] { decode("P5 x 1 255 \x07"); },
              ThrowsMessage<FormatError>(HasSubstr("test.pnm: PNM: expected a number at byte 4")));
  EXPECT_THROW(decode("P5 -1 1 255 \x07"), FormatError);
  EXPECT_THROW(decode("P5 00000000001 1 255 \x07"), FormatError) << "eleven digits";
  EXPECT_THAT([] { decode("P5 1 1 65536 \x07\x07"); },
              ThrowsMessage<FormatError>(HasSubstr("largest value 65536")));
  EXPECT_THROW(decode(std::string_view("P5 1 1 0 \0", 10)), FormatError);
  EXPECT_THAT([] { decode("P2 1 1 100 101"); },
              ThrowsMessage<FormatError>(HasSubstr("sample 101 over the largest value, 100")));
  EXPECT_THAT([] { decode("P1 1 1 2"); }, ThrowsMessage<FormatError>(HasSubstr("0 or 1")));
}

TEST(Pnm, RefusesHugeHeadersBeforeAllocating) {
  EXPECT_THAT([] { decode("P6 9999999999 9999999999 255 \x07"); },
              ThrowsMessage<FormatError>(HasSubstr("9999999999x9999999999 pixels, more than")));
  for (const std::string_view kind : {"P1", "P2", "P3", "P4", "P5", "P6"}) {
    EXPECT_THAT([&] { decode(std::string(kind) + " 16384 16384 255 1"); },
                ThrowsMessage<FormatError>(HasSubstr("truncated")));
    EXPECT_THAT([&] { decode(std::string(kind) + " 0 7 255 1"); },
                ThrowsMessage<FormatError>(HasSubstr("0x7 pixels")));
  }
}

TEST(Pnm, IsRefusedWhenCutAnywhere) {
  const std::string_view raw = "P6\n1 2\n255\nabcdef";
  EXPECT_EQ(testing::shortest_accepted(bytes_of(raw)), raw.size());
  const std::string_view bits = "P4\n# bits\n9 2\nabcd";
  EXPECT_EQ(testing::shortest_accepted(bytes_of(bits)), bits.size());
  const std::string_view plain = "P3\n1 2\n9\n1 2 3 4 5 6\n";
  EXPECT_EQ(testing::shortest_accepted(bytes_of(plain)), plain.size() - 1);
}

}  // namespace
}  // namespace gradspace
