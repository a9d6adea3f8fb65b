// JPEG in the colour spaces and codings that Pillow does not write, and damaged files; its own are in
// pillow_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>

#include <jpeglib.h>

#include <algorithm>
#include <functional>

#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/memory_use.h"
#include "image/test_images.h"

namespace gradspace {
namespace {

using testing::ByteVector;
using testing::gradient_image;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Encodes rows of `channels` samples a pixel with settings of the test's own.
ByteVector encode(const Image& image, J_COLOR_SPACE in, J_COLOR_SPACE stored,
                  const std::function<void(jpeg_compress_struct&)>& settings = {}) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &buffer, &size);
  jpeg.input_components = in == JCS_CMYK ? 4 : image.channels();
  jpeg.image_width =
      static_cast<JDIMENSION>(image.row(0).size()) / static_cast<JDIMENSION>(jpeg.input_components);
  jpeg.image_height = static_cast<JDIMENSION>(image.height());
  jpeg.in_color_space = in;
  jpeg_set_defaults(&jpeg);
  jpeg_set_colorspace(&jpeg, stored);
  jpeg_set_quality(&jpeg, 100, TRUE);
  if (settings) {
    settings(jpeg);
  }
  jpeg_start_compress(&jpeg, TRUE);
  for (int y = 0; y < image.height(); ++y) {
    auto* row = const_cast<JSAMPROW>(image.row(y).data());
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  ByteVector bytes(buffer, buffer + size);
  jpeg_destroy_compress(&jpeg);
  std::free(buffer);
  return bytes;
}

int largest_difference(const Image& a, const Image& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i) {
    largest = std::max(largest, std::abs(int{a.pixels()[i]} - int{b.pixels()[i]}));
  }
  return largest;
}

TEST(Jpeg, ReadsRgbStoredAsSuch) {
  const Image image = gradient_image(24, 16, 3);
  const Image read = decode_image(encode(image, JCS_RGB, JCS_RGB), "test.jpg");
  ASSERT_EQ(read.channels(), 3);
  // No colour conversion and quality 100: two roundings of the transform, no more.
  EXPECT_LE(largest_difference(read, image), 2);
}

TEST(Jpeg, ReadsAnyCodingTheSame) {
  const Image image = gradient_image(40, 33, 3);
  const Image expected = decode_image(encode(image, JCS_RGB, JCS_YCbCr), "baseline");
  const auto coded = [&](const std::function<void(jpeg_compress_struct&)>& settings) {
    return decode_image(encode(image, JCS_RGB, JCS_YCbCr, settings), "other");
  };
  EXPECT_EQ(coded([](auto& jpeg) { jpeg.optimize_coding = TRUE; }), expected);
  EXPECT_EQ(coded([](auto& jpeg) { jpeg.restart_interval = 2; }), expected);
  EXPECT_EQ(coded([](auto& jpeg) { jpeg.arith_code = TRUE; }), expected);
  EXPECT_EQ(coded([](auto& jpeg) { jpeg_simple_progression(&jpeg); }), expected);
}

TEST(Jpeg, AnyCodingComesRowByRowAsItComesWhole) {
  const Image image = gradient_image(123, 77, 3);
  FixedSizeReader reader(20, 30, 3);
  ByteVector out(reader.size());
  const std::vector<std::function<void(jpeg_compress_struct&)>> codings = {
      [](auto& jpeg) { jpeg.restart_interval = 2; },
      [](auto& jpeg) { jpeg.arith_code = TRUE; },
      [](auto& jpeg) { jpeg_simple_progression(&jpeg); },
      [](auto& jpeg) { jpeg.comp_info[0].h_samp_factor = 1; },
      [](auto& jpeg) { jpeg.comp_info[0].v_samp_factor = 1; },
  };
  for (const auto& coding : codings) {
    const ByteVector file = encode(image, JCS_RGB, JCS_YCbCr, coding);
    reader.decode(file, "rows", out);
    const Image expected = resize_bilinear(decode_image(file, "whole"), 20, 30);
    EXPECT_TRUE(std::ranges::equal(out, expected.pixels()));
  }
}

// 8 files whose coefficients take 72 MB would be 576 MB at once.
TEST(Jpeg, LargeFilesOfSeveralScansWaitForOneAnother) {
  const ByteVector file = encode(gradient_image(4000, 3000, 3), JCS_RGB, JCS_RGB,
                                 [](auto& jpeg) { jpeg_simple_progression(&jpeg); });
  testing::expect_little_memory(file, 8, std::size_t{8} << 20, std::size_t{256} << 20);
}

TEST(Jpeg, RefusesFourComponents) {
  const Image image = gradient_image(16, 16, 1);
  for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
    EXPECT_THAT([&] { decode_image(encode(image, JCS_CMYK, stored), "test.jpg"); },
                ThrowsMessage<FormatError>(HasSubstr("test.jpg: JPEG of 4 components (CMYK)")));
  }
}

TEST(Jpeg, IsRefusedWhenCutAnywhere) {
  const Image image = gradient_image(17, 11, 3);
  for (const bool progressive : {false, true}) {
    const ByteVector file = encode(image, JCS_RGB, JCS_YCbCr, [&](auto& jpeg) {
      if (progressive) {
        jpeg_simple_progression(&jpeg);
      }
    });
    EXPECT_EQ(testing::shortest_accepted(file), file.size());
  }
}

TEST(Jpeg, ADamagedByteNeverEscapesAsAnythingElse) {
  const ByteVector file = encode(gradient_image(17, 11, 3), JCS_RGB, JCS_YCbCr);
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      ByteVector damaged = file;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ flip);
      try {
        decode_image(damaged, "test.jpg");
      } catch (const FormatError&) {  // either is right: JPEG has no checksum
      }
    }
  }
}

/// Where the frame header's height begins.
std::size_t frame_size_position(const ByteVector& file) {
  const ByteVector marker = {0xFF, 0xC0};
  const auto found = std::search(file.begin(), file.end(), marker.begin(), marker.end());
  return static_cast<std::size_t>(found - file.begin()) + 5;
}

TEST(Jpeg, RefusesHugeHeadersBeforeAllocating) {
  ByteVector file = encode(gradient_image(8, 8, 1), JCS_GRAYSCALE, JCS_GRAYSCALE);
  const std::size_t size = frame_size_position(file);
  std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(size), 4, std::uint8_t{0xF0});
  EXPECT_THAT([&] { decode_image(file, "test.jpg"); },
              ThrowsMessage<FormatError>(HasSubstr("61680x61680 pixels, more than")));
  std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(size), 4, std::uint8_t{0x3F});
  EXPECT_THAT([&] { decode_image(file, "test.jpg"); },
              ThrowsMessage<FormatError>(HasSubstr("16191x16191 pixels can't come out of a file")));
}

TEST(Jpeg, RefusesEndlessScans) {
  const ByteVector file = encode(gradient_image(8, 8, 1), JCS_GRAYSCALE, JCS_GRAYSCALE,
                                 [](auto& jpeg) { jpeg_simple_progression(&jpeg); });
  // The last scan again and again: it refines nothing, but each is decoded.
  const ByteVector marker = {0xFF, 0xDA};
  const auto last = std::find_end(file.begin(), file.end(), marker.begin(), marker.end());
  const ByteVector scan(last, file.end() - 2);
  ByteVector endless(file.begin(), last);
  for (int i = 0; i < 200; ++i) {
    endless.insert(endless.end(), scan.begin(), scan.end());
  }
  endless.insert(endless.end(), {0xFF, 0xD9});
  EXPECT_THAT([&] { decode_image(endless, "test.jpg"); },
              ThrowsMessage<FormatError>(HasSubstr("more than 100 scans")));
}

}  // namespace
}  // namespace gradspace
