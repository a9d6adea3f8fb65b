// AVIF and JPEG XL against files of known pixels, and all module formats on damaged files. What WebP and TIFF look like
// is held against Pillow in pillow_test.cpp.
#include "image/format_modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <thread>
#include <vector>

#include "core/random.h"
#include "image/module_formats.h"
#include "image/test_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using testing::bytes_of;
using testing::ByteVector;
using testing::gradient_image;
using ::testing::HasSubstr;
using testing::is_built;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

std::filesystem::path stored(const std::string& name) {
  return std::filesystem::path(GRADSPACE_TEST_FILES) / "images" / name;
}

/// A file of ours in each format whose module is built.
std::vector<std::filesystem::path> a_file_of_each() {
  std::vector<std::filesystem::path> files;
  const std::pair<const char*, const char*> all[] = {
      {"avif", "rgb.avif"},      {"avif", "lossy.avif"}, {"jpeg_xl", "rgb.jxl"},
      {"jpeg_xl", "turned.jxl"}, {"webp", "lossy.webp"}, {"webp", "frames.webp"},
      {"tiff", "strips.tif"},    {"tiff", "tiles.tif"}};
  for (const auto& [module, name] : all) {
    if (is_built(module)) {
      files.push_back(stored(name));
    }
  }
  return files;
}

class KnownPixels : public ::testing::TestWithParam<const char*> {};

// The gradient, in three channels or one: deep samples are scaled, alpha is dropped, a turn is ignored, and of several
// frames the first is read.
TEST_P(KnownPixels, AreRead) {
  const std::string name = GetParam();
  const std::string module = name.ends_with(".jxl") ? "jpeg_xl" : "avif";
  if (!is_built(module)) {
    GTEST_SKIP() << "built without the module " << module;
  }
  EXPECT_EQ(read_image(stored(name)), gradient_image(20, 13, name.starts_with("grey") ? 1 : 3));
}

INSTANTIATE_TEST_SUITE_P(Files, KnownPixels,
                         ::testing::Values("rgb.avif", "rgba.avif", "grey.avif", "deep.avif",
                                           "turned.avif", "rgb.jxl", "rgba.jxl", "grey.jxl",
                                           "deep.jxl", "frames.jxl", "turned.jxl"));

TEST(FormatModules, TurnYuvIntoRgbAsLibavifDoes) {
  if (!is_built("avif")) {
    GTEST_SKIP() << "built without the module avif";
  }
  EXPECT_EQ(read_image(stored("lossy.avif")), read_image(stored("lossy.png")));
}

// The alpha of this file is the inverse of the first channel: where it is large, dividing by it loses little.
TEST(FormatModules, DivideColoursThatAreMultipliedByAlpha) {
  if (!is_built("avif")) {
    GTEST_SKIP() << "built without the module avif";
  }
  const Image image = read_image(stored("multiplied.avif"));
  const Image expected = gradient_image(20, 13, 3);
  ASSERT_EQ(image.pixels().size(), expected.pixels().size());
  for (std::size_t i = 0; i < expected.pixels().size(); ++i) {
    if (expected.pixels()[i - i % 3] < 128) {
      EXPECT_NEAR(image.pixels()[i], expected.pixels()[i], 2) << i;
    }
  }
}

TEST(FormatModules, RefuseEveryFileThatIsCutOff) {
  for (const std::filesystem::path& path : a_file_of_each()) {
    const ByteVector file = read_file(path);
    const std::size_t shortest = testing::shortest_accepted(file);
    EXPECT_GT(shortest, file.size() / 2) << path;
  }
}

TEST(FormatModules, SurviveDamage) {
  Random random(7);
  for (const std::filesystem::path& path : a_file_of_each()) {
    const ByteVector file = read_file(path);
    for (int trial = 0; trial < 200; ++trial) {
      ByteVector damaged = file;
      for (int change = 0; change <= trial % 4; ++change) {
        damaged[random.below(damaged.size())] = static_cast<std::uint8_t>(random.below(256));
      }
      try {
        const Image image = decode_image(damaged, "damaged");
        EXPECT_GE(image.width(), 1);
      } catch (const FormatError& error) {
        EXPECT_THAT(error.what(), StartsWith("damaged: "));
      }
    }
  }
}

// A lossless WebP header that promises 16384x16384 pixels, and a TIFF header that promises 2^16 x 2^16.
TEST(FormatModules, RefuseHugeSizesBeforeTheyMakeRoom) {
  if (is_built("webp")) {
    const ByteVector file =
        bytes_of({"RIFF\x12\0\0\0WEBPVP8L\x06\0\0\0\x2F\xFF\xFF\xFF\x0F\0", 26});
    EXPECT_THAT(
        [&] { decode_image(file, "huge.webp"); },
        ThrowsMessage<FormatError>(AllOf(StartsWith("huge.webp: 16384x16384 pixels can't"))));
  }
  if (is_built("tiff")) {
    const ByteVector file = testing::with_tiff_size(read_file(stored("strips.tif")), 65536, 65536);
    EXPECT_THAT([&] { decode_image(file, "huge.tif"); },
                ThrowsMessage<FormatError>(StartsWith("huge.tif: 65536x65536 pixels, more than")));
  }
}

TEST(FormatModules, AreLoadedOnceByManyThreads) {
  if (!is_built("tiff")) {
    GTEST_SKIP() << "built without the module tiff";
  }
  const ByteVector file = read_file(stored("strips.tif"));
  const Image expected = gradient_image(20, 13, 3);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(decode_image(file, "shared"), expected); });
  }
}

TEST(FormatModules, FitToASizeAsOtherImagesDo) {
  if (!is_built("webp")) {
    GTEST_SKIP() << "built without the module webp";
  }
  FixedSizeReader reader(7, 5, 3);
  Image fitted(7, 5, 3);
  reader.read(stored("lossy.webp"), fitted.pixels());
  EXPECT_EQ(fitted, resize_bilinear(read_image(stored("lossy.webp")), 7, 5));
}

// Runs in a process of its own, as all tests do: the module is looked for once.
TEST(FormatModules, SayWhichModuleIsMissing) {
  setenv("GRADSPACE_WEBP_MODULE", "/no/such/module.so", 1);
  EXPECT_THAT([] { read_image(stored("lossy.webp")); },
              ThrowsMessage<FormatError>(AllOf(
                  HasSubstr("lossy.webp: a WebP image, which this build does not read (module "
                            "webp: /no/such/module.so is not there"),
                  HasSubstr("the package gradspace-formats"), HasSubstr("GRADSPACE_IMAGE_FORMATS"),
                  HasSubstr("GRADSPACE_WEBP_MODULE"))));
}

TEST(FormatModules, TellFormatsByContent) {
  const std::pair<std::string_view, ImageFormat> begins[] = {
      {{"RIFF\x10\0\0\0WEBPVP8L", 16}, ImageFormat::kWebp},
      {{"\0\0\0\x1C"
        "ftypavif\0\0\0\0mif1",
        20},
       ImageFormat::kAvif},
      {{"\0\0\0\x18"
        "ftypmif1\0\0\0\0miafavif",
        24},
       ImageFormat::kAvif},
      {"\xFF\x0A\x01", ImageFormat::kJpegXl},
      {{"\0\0\0\x0CJXL \r\n\x87\n", 12}, ImageFormat::kJpegXl},
      {{"II*\0\x08\0\0\0", 8}, ImageFormat::kTiff},
      {{"MM\0+\0\x08\0\0", 8}, ImageFormat::kTiff}};
  for (const auto& [begin, format] : begins) {
    EXPECT_EQ(detect_image_format(bytes_of(begin), "test"), format);
    // Raw photographs begin as TIFF files do.
    EXPECT_EQ(codec::begins_as_image(bytes_of(begin)), format != ImageFormat::kTiff);
  }
  const std::string_view others[] = {{"RIFF\x10\0\0\0AVI LIST", 16},
                                     {"\0\0\0\x18"
                                      "ftypheic\0\0\0\0mif1heic",
                                      24},
                                     {"\0\0\0\x18"
                                      "ftypisom\0\0\0\0avc1mp41",
                                      24},
                                     {"\0\0\0\x10"
                                      "ftypmif1\0\0\0\0avif",
                                      20},  // behind the box
                                     {"II*\0\x10\0\0\0CR\x02\0", 12}};
  for (const std::string_view begin : others) {
    EXPECT_THROW(detect_image_format(bytes_of(begin), "test"), FormatError);
  }
}

TEST(FormatModules, AreReadAndNotWritten) {
  const Image image(2, 2, 3);
  EXPECT_THROW(encode_image(image, ImageFormat::kWebp), InvalidArgument);
  EXPECT_THAT([&] { write_image("a.webp", image); },
              ThrowsMessage<InvalidArgument>(HasSubstr("no image format that is written")));
  for (const char* name : {"a.webp", "a.AVIF", "a.jxl", "a.tif", "a.TIFF"}) {
    EXPECT_TRUE(has_image_extension(name)) << name;
  }
}

}  // namespace
}  // namespace gradspace
