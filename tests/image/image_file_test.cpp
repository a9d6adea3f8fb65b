// The whole-file functions: detection, round trips, extensions, files on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/test_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::bytes_of;
using testing::ByteVector;
using testing::gradient_image;
using ::testing::HasSubstr;
using testing::random_image;
using ::testing::ThrowsMessage;

TEST(EncodeImage, LosslessFormatsGiveThePixelsBack) {
  std::uint64_t seed = 0;
  for (const ImageFormat format : {ImageFormat::kBmp, ImageFormat::kPnm, ImageFormat::kPng}) {
    for (const int channels : {1, 3}) {
      for (const int width : {1, 2, 3, 4, 5, 31, 64, 127}) {
        const Image image = random_image(width, 1 + width / 2, channels, ++seed);
        const ByteVector file = encode_image(image, format);
        EXPECT_EQ(detect_image_format(file, "test"), format);
        EXPECT_EQ(decode_image(file, "test"), image) << width << 'x' << channels;
      }
    }
  }
}

double mean_squared_error(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i) {
    sum += std::pow(int{a.pixels()[i]} - int{b.pixels()[i]}, 2);
  }
  return sum / static_cast<double>(a.pixels().size());
}

TEST(EncodeImage, JpegQualityTradesSizeForError) {
  for (const int channels : {1, 3}) {
    const Image image = gradient_image(200, 150, channels);
    std::size_t last_size = 0;
    double last_error = 1e9;
    for (const int quality : {1, 20, 60, 89, 90, 100}) {
      const ByteVector file = encode_image(image, ImageFormat::kJpeg, {.jpeg_quality = quality});
      const Image read = decode_image(file, "test.jpg");
      ASSERT_EQ(read.channels(), channels);
      ASSERT_EQ(read.width(), 200);
      ASSERT_EQ(read.height(), 150);
      const double error = mean_squared_error(image, read);
      EXPECT_GT(file.size(), last_size) << quality;
      EXPECT_LT(error, last_error) << quality;
      last_size = file.size();
      last_error = error;
    }
    // At quality 100 only roundings are left.
    EXPECT_LT(last_error, 1.0);
  }
}

TEST(EncodeImage, RefusesWhatAFormatCannotHold) {
  const Image image(1, 1, 1);
  EXPECT_THROW(encode_image(image, ImageFormat::kJpeg, {.jpeg_quality = 0}), InvalidArgument);
  EXPECT_THROW(encode_image(image, ImageFormat::kJpeg, {.jpeg_quality = 101}), InvalidArgument);
  EXPECT_THAT([] { encode_image(Image(65536, 1, 1), ImageFormat::kJpeg); },
              ThrowsMessage<InvalidArgument>(HasSubstr("JPEG of 65536x1 pixels: ")));
}

TEST(DetectImageFormat, SaysWhenItIsNone) {
  EXPECT_THAT([] { detect_image_format({}, "a.png"); },
              ThrowsMessage<FormatError>(HasSubstr("a.png: an empty file")));
  for (const std::string_view text :
       {"GIG89a", "P", "P5", "P7 1", "P51 1", "B", "\x89PNG", "\xFF\xD8"}) {
    EXPECT_THAT([&] { detect_image_format(bytes_of(text), "a"); },
                ThrowsMessage<FormatError>(HasSubstr("a: not a BMP, PNM")))
        << text;
  }
}

TEST(DetectImageFormat, SaysWhatAFileIsInstead) {
  const auto reason = [](std::string_view text) {
    try {
      detect_image_format(bytes_of(text), "a.png");
    } catch (const FormatError& error) {
      return std::string(error.what());
    }
    return std::string("an image");
  };
  EXPECT_EQ(reason("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\n"),
            "a.png: is a Git LFS pointer, not the file itself: run git lfs pull");
  EXPECT_EQ(reason("GIF89a"), "a.png: is a GIF image, which is not read");
  EXPECT_EQ(reason({"\0\0\0\x18"
                    "ftypheic",
                    12}),
            "a.png: is a HEIC image, which is not read");
  EXPECT_THAT(reason(" \n<HTML><body>"), HasSubstr("a.png: is an HTML page"));
}

TEST(ReadImage, GoesByContentNotByName) {
  const testing::TemporaryFolder folder;
  const Image image = random_image(5, 6, 3, 1);
  write_file(folder / "really-a-png.bmp", encode_image(image, ImageFormat::kPng));
  EXPECT_EQ(read_image(folder / "really-a-png.bmp"), image);
  write_file(folder / "no-extension", encode_image(image, ImageFormat::kBmp));
  EXPECT_EQ(read_image(folder / "no-extension"), image);
}

TEST(ReadImage, NamesTheFile) {
  const testing::TemporaryFolder folder;
  write_file(folder / "text.png", std::string_view("hello"));
  EXPECT_THAT([&] { read_image(folder / "text.png"); },
              ThrowsMessage<FormatError>(HasSubstr((folder / "text.png").string())));
  EXPECT_THAT([&] { read_image(folder / "none.png"); },
              ThrowsMessage<IoError>(HasSubstr((folder / "none.png").string())));
  EXPECT_THROW(read_image(folder.path()), IoError);
}

TEST(WriteImage, FollowsTheExtensionInAnyCase) {
  const testing::TemporaryFolder folder;
  const Image image = random_image(8, 8, 3, 2);
  const std::pair<const char*, ImageFormat> cases[] = {
      {"a.bmp", ImageFormat::kBmp},  {"a.BMP", ImageFormat::kBmp},  {"a.ppm", ImageFormat::kPnm},
      {"a.pgm", ImageFormat::kPnm},  {"a.pnm", ImageFormat::kPnm},  {"a.PnG", ImageFormat::kPng},
      {"a.jpg", ImageFormat::kJpeg}, {"a.JPEG", ImageFormat::kJpeg}};
  for (const auto& [name, format] : cases) {
    EXPECT_TRUE(has_image_extension(name)) << name;
    EXPECT_EQ(image_format_from_extension(name), format) << name;
    write_image(folder / name, image);
    EXPECT_EQ(detect_image_format(read_file(folder / name), name), format) << name;
  }
}

TEST(WriteImage, RefusesOtherExtensionsAndFolders) {
  const testing::TemporaryFolder folder;
  const Image image(1, 1, 1);
  for (const char* name : {"a.gif", "a", "png", ".png", "a.pbm", "a.png.txt"}) {
    EXPECT_THAT([&] { write_image(folder / name, image); },
                ThrowsMessage<InvalidArgument>(HasSubstr(".bmp .pgm .ppm .pnm .png .jpg .jpeg")))
        << name;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_TRUE(has_image_extension("a.pbm"));
  EXPECT_FALSE(has_image_extension("a.gif"));
  EXPECT_THROW(write_image("/no/such/folder/a.png", image), IoError);
}

TEST(ReadImage, ReadsTheSharedSigns) {
  const auto shared = testing::shared_data();
  if (!shared) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  int count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(*shared / "data" / "signs")) {
    if (entry.path().extension() == ".bmp") {
      const Image image = read_image(entry.path());
      ASSERT_EQ(image.channels(), 3) << entry.path();
      ASSERT_EQ(decode_image(encode_image(image, ImageFormat::kPng), "copy"), image);
      ++count;
    }
  }
  EXPECT_EQ(count, 3400);
}

}  // namespace
}  // namespace gradspace
