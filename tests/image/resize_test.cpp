#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/test_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::random_image;
using testing::read_npy_image;

TEST(ResizeBilinear, GivesTheGoldenBytes) {
  for (int i = 0; i < 10; ++i) {
    const Image in = read_npy_image(testing::data_file(fmt::format("ood/resize_in_{}.npy", i)));
    const Image out = read_npy_image(testing::data_file(fmt::format("ood/resize_out_{}.npy", i)));
    EXPECT_EQ(resize_bilinear(in, 28, 28), out) << i;
  }
}

TEST(ResizeBilinear, LeavesAnImageOfTheSameSizeAlone) {
  const Image image = random_image(13, 17, 3, 1);
  EXPECT_EQ(resize_bilinear(image, 13, 17), image);
}

TEST(ResizeBilinear, KeepsAConstantImage) {
  for (const int value : {0, 1, 127, 254, 255}) {
    Image image(61, 47, 3);
    std::fill(image.pixels().begin(), image.pixels().end(), static_cast<std::uint8_t>(value));
    for (const int side : {1, 2, 28, 46, 90}) {
      const Image resized = resize_bilinear(image, side, side + 1);
      EXPECT_THAT(resized.pixels(), ::testing::Each(value)) << side;
    }
  }
}

TEST(ResizeBilinear, TreatsEachChannelAlone) {
  const Image colour = random_image(37, 23, 3, 2);
  const Image resized = resize_bilinear(colour, 19, 41);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    Image grey(37, 23, 1);
    for (std::size_t i = 0; i < grey.pixels().size(); ++i) {
      grey.pixels()[i] = colour.pixels()[3 * i + channel];
    }
    const Image expected = resize_bilinear(grey, 19, 41);
    for (std::size_t i = 0; i < expected.pixels().size(); ++i) {
      ASSERT_EQ(resized.pixels()[3 * i + channel], expected.pixels()[i]) << channel << ' ' << i;
    }
  }
}

TEST(ResizeBilinear, RefusesImpossibleSizes) {
  const Image image(2, 2, 1);
  EXPECT_THROW(resize_bilinear(image, 0, 1), InvalidArgument);
  EXPECT_THROW(resize_bilinear(image, 1, -1), InvalidArgument);
  EXPECT_THROW(resize_bilinear(image, 1 << 15, 1 << 14), InvalidArgument);
  // Neither end is large, but what lies between the two passes would be.
  EXPECT_THAT(
      [] { resize_bilinear(Image(1, 1 << 20, 1), 1 << 20, 1); },
      ::testing::ThrowsMessage<InvalidArgument>(::testing::HasSubstr("1x1048576 to 1048576x1")));
}

}  // namespace
}  // namespace gradspace
