// Fast decoding of JPEG files; that its pixels are Pillow's is in pillow_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "gradspace/decoding.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"
#include "image/test_images.h"

namespace gradspace {
namespace {

using testing::ByteVector;
using testing::gradient_image;
using ::testing::HasSubstr;
using testing::random_image;
using ::testing::ThrowsMessage;
using Metadata = std::map<std::string, std::string>;

/// The size that a JPEG file of this size is decoded to.
std::pair<int, int> decoded_size(const ByteVector& file, const codec::LeastSize& least) {
  codec::Pixels pixels;
  codec::decode_jpeg(file, "test.jpg", pixels, least);
  const Image image = std::move(pixels).image();
  return {image.width(), image.height()};
}

TEST(FastDecoding, NeverGoesBelowTheLeastSizeAndHalvesNoMoreThanThrice) {
  for (const int width : {1, 55, 56, 57, 111, 112, 113, 223, 224, 225, 447, 448, 449, 900}) {
    for (const int height : {56, 112, 224, 230, 447, 448, 900}) {
      const ByteVector file = encode_image(gradient_image(width, height, 3), ImageFormat::kJpeg);
      const auto [got_width, got_height] = decoded_size(file, {56, 56});
      int denominator = 1;
      while (denominator < 8 && width / (2 * denominator) >= 56 &&
             height / (2 * denominator) >= 56) {
        denominator *= 2;
      }
      EXPECT_EQ(got_width, (width + denominator - 1) / denominator) << width << 'x' << height;
      EXPECT_EQ(got_height, (height + denominator - 1) / denominator) << width << 'x' << height;
      EXPECT_TRUE(denominator == 1 || (got_width >= 56 && got_height >= 56));
    }
  }
}

ByteVector fitted(const ByteVector& file, Decoding decoding) {
  FixedSizeReader reader(28, 20, 3, decoding);
  ByteVector out(reader.size());
  reader.decode(file, "test", out);
  return out;
}

TEST(FastDecoding, LeavesSmallFilesAndOtherFormatsAsTheyAre) {
  const ByteVector small = encode_image(random_image(111, 200, 3, 1), ImageFormat::kJpeg);
  EXPECT_EQ(fitted(small, Decoding::kFast), fitted(small, Decoding::kExact));
  for (const ImageFormat format : {ImageFormat::kBmp, ImageFormat::kPng, ImageFormat::kPnm}) {
    const ByteVector file = encode_image(random_image(300, 200, 3, 2), format);
    EXPECT_EQ(fitted(file, Decoding::kFast), fitted(file, Decoding::kExact));
  }
  const ByteVector large = encode_image(random_image(112, 80, 3, 3), ImageFormat::kJpeg);
  EXPECT_NE(fitted(large, Decoding::kFast), fitted(large, Decoding::kExact));
}

TEST(FastDecoding, RefusesWhatExactDecodingRefuses) {
  const ByteVector file = encode_image(random_image(300, 300, 3, 4), ImageFormat::kJpeg);
  for (std::size_t size = 3; size < file.size(); size += file.size() / 50) {
    const ByteVector cut = testing::first_bytes(file, size);
    std::string refusal = "none";
    try {
      fitted(cut, Decoding::kExact);
    } catch (const FormatError& error) {
      refusal = error.what();
    }
    EXPECT_THAT([&] { fitted(cut, Decoding::kFast); },
                ThrowsMessage<FormatError>(::testing::StrEq(refusal)));
  }
}

TEST(Decoding, IsRecordedBesideWhatPreprocessingSays) {
  Metadata metadata{{"preprocessing", R"({"colour":"RGB"})"}, {"seed", "1"}};
  EXPECT_EQ(decoding_in(metadata), std::nullopt);
  record_decoding(Decoding::kFast, metadata);
  EXPECT_EQ(decoding_in(metadata), Decoding::kFast);
  EXPECT_THAT(metadata.at("preprocessing"), HasSubstr(R"("colour":"RGB")"));
  record_decoding(Decoding::kExact, metadata);
  EXPECT_EQ(decoding_in(metadata), Decoding::kExact);
}

TEST(Decoding, IsNotSaidByOlderFiles) {
  EXPECT_EQ(decoding_in({}), std::nullopt);
  EXPECT_EQ(decoding_in({{"preprocessing", "RGB, divided by 255"}}), std::nullopt);
}

TEST(Decoding, RefusesAWordThatItDoesNotKnow) {
  for (const char* record : {R"({"decode":"slow"})", R"({"decode":7})"}) {
    EXPECT_THAT(
        [&] {
          decoding_in({{"preprocessing", record}});
        },
        ThrowsMessage<FormatError>(HasSubstr("not exact or fast")));
  }
}

}  // namespace
}  // namespace gradspace
