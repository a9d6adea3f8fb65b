#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/memory_budget.h"
#include "image/memory_use.h"
#include "image/test_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using testing::random_image;
using ::testing::ThrowsMessage;

/// What the reader promises to equal.
Image step_by_step(const Image& image, int width, int height, int channels) {
  return resize_bilinear(channels == 3 ? to_rgb(image) : to_grey(image), width, height);
}

TEST(FixedSizeReader, EqualsTheSingleStepsForAnyMixOfImages) {
  const testing::TemporaryFolder folder;
  for (const int channels : {1, 3}) {
    FixedSizeReader reader(28, 20, channels);
    std::vector<std::uint8_t> out(reader.size());
    std::uint64_t seed = 0;
    // Sizes up and down, grey and colour in turn: nothing of one image may show in the next.
    for (const int side : {35, 28, 90, 1, 20, 200, 7}) {
      for (const int in_channels : {3, 1}) {
        const Image image = random_image(side, side + 3, in_channels, ++seed);
        const Image expected = step_by_step(image, 28, 20, channels);
        reader.fit(image, out);
        EXPECT_THAT(out, ::testing::ElementsAreArray(expected.pixels()));
        for (const char* name : {"i.bmp", "i.png", "i.ppm"}) {
          std::fill(out.begin(), out.end(), std::uint8_t{0});
          write_image(folder / name, image);
          reader.read(folder / name, out);
          EXPECT_THAT(out, ::testing::ElementsAreArray(expected.pixels())) << name << side;
        }
      }
    }
  }
}

TEST(FixedSizeReader, EqualsTheSingleStepsForFilesOfRandomSizes) {
  Random random(5);
  const auto side = [&random](std::uint64_t most) {
    return 1 + static_cast<int>(random.below(most));
  };
  for (std::uint64_t round = 0; round < 60; ++round) {
    const int in_channels = random.below(3) == 0 ? 1 : 3;
    const int channels = random.below(3) == 0 ? 1 : 3;
    const Image image = random_image(side(400), side(300), in_channels, round);
    const int quality = random.below(2) == 0 ? 85 : 95;  // chroma is subsampled, or not
    const int width = side(40);
    const int height = side(40);
    FixedSizeReader reader(width, height, channels);
    std::vector<std::uint8_t> out(reader.size());
    for (const ImageFormat format :
         {ImageFormat::kBmp, ImageFormat::kPnm, ImageFormat::kPng, ImageFormat::kJpeg}) {
      const std::vector<std::uint8_t> file = encode_image(image, format, {quality});
      reader.decode(file, "rows", out);
      const Image expected = step_by_step(decode_image(file, "whole"), width, height, channels);
      ASSERT_TRUE(std::ranges::equal(out, expected.pixels()))
          << image.width() << 'x' << image.height() << " to " << width << 'x' << height;
    }
  }
}

TEST(MemoryBudget, IsNeverExceededButByOneAlone) {
  MemoryBudget budget(10);
  std::atomic<std::uint64_t> taken = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t number = 0; number < 16; ++number) {
    threads.emplace_back([&budget, &taken, number] {
      const std::uint64_t bytes = number == 7 ? 25 : 1 + number % 6;
      for (int round = 0; round < 200; ++round) {
        const MemoryBudget::Share share(budget, bytes);
        const std::uint64_t now = taken += bytes;
        EXPECT_TRUE(now <= 10 || (bytes == 25 && now == 25)) << now;
        taken -= bytes;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

/// A reader a thread, as jobs have them: 8 images of 36 MB would be 288 MB at once. (The C library keeps smaller
/// ones for the thread, where a program does not tell it otherwise, as the command does.)
TEST(FixedSizeReader, ImagesThatComeRowByRowAreNeverInMemoryWhole) {
  std::vector<std::uint8_t> jpeg;
  {
    Image large(4000, 3000, 3);
    for (std::size_t i = 0; i < large.pixels().size(); ++i) {
      large.pixels()[i] = static_cast<std::uint8_t>(i / 7 + (i * i) % 31);
    }
    jpeg = encode_image(large, ImageFormat::kJpeg);
  }
  testing::expect_little_memory(jpeg, 8, 4 << 20);
}

TEST(FixedSizeReader, StaysUsableAfterABadFile) {
  FixedSizeReader reader(4, 4, 3);
  std::vector<std::uint8_t> out(reader.size());
  const Image image = random_image(9, 9, 3, 1);
  std::vector<std::uint8_t> file = encode_image(image, ImageFormat::kBmp);
  reader.decode(file, "good", out);
  const std::vector<std::uint8_t> expected = out;
  const std::vector<std::uint8_t> cut = testing::first_bytes(file, file.size() / 2);
  EXPECT_THAT([&] { reader.decode(cut, "cut.bmp", out); },
              ThrowsMessage<FormatError>(HasSubstr("cut.bmp: truncated")));
  EXPECT_THROW(reader.read("/no/such/file.bmp", out), IoError);
  reader.decode(file, "good", out);
  EXPECT_EQ(out, expected);
}

TEST(FixedSizeReader, FitsWhatASourcePutIntoItsScratch) {
  FixedSizeReader reader(6, 5, 3);
  const Image image = random_image(30, 20, 1, 4);
  const std::span<std::uint8_t> scratch = reader.scratch(600);
  ASSERT_EQ(scratch.size(), 600U);
  std::ranges::copy(image.pixels(), scratch.begin());
  std::vector<std::uint8_t> out(reader.size());
  reader.fit({scratch, 30, 20, 1, 30}, out);
  EXPECT_THAT(out, ::testing::ElementsAreArray(step_by_step(image, 6, 5, 3).pixels()));
}

TEST(FixedSizeReader, RefusesOtherSizes) {
  EXPECT_THROW(FixedSizeReader(0, 28, 3), InvalidArgument);
  EXPECT_THROW(FixedSizeReader(28, 28, 2), InvalidArgument);
  FixedSizeReader reader(28, 28, 3);
  EXPECT_EQ(reader.size(), 28U * 28U * 3U);
  std::vector<std::uint8_t> out(reader.size() - 1);
  EXPECT_THAT(
      [&] { reader.fit(Image(1, 1, 1), out); },
      ThrowsMessage<InvalidArgument>(HasSubstr("28x28x3 need 2352 bytes, got room for 2351")));
}

}  // namespace
}  // namespace gradspace
