#include "gradspace/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "gradspace/error.h"
#include "image/test_images.h"

namespace gradspace {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Image, StartsBlack) {
  const Image image(3, 2, 3);
  EXPECT_EQ(image.width(), 3);
  EXPECT_EQ(image.height(), 2);
  EXPECT_EQ(image.channels(), 3);
  EXPECT_EQ(image.pixels().size(), 18U);
  EXPECT_THAT(image.pixels(), Each(0));
}

TEST(Image, HasRowsFromTheTop) {
  Image image(2, 2, 1, {1, 2, 3, 4});
  EXPECT_THAT(image.row(0), ElementsAre(1, 2));
  image.row(1)[0] = 9;
  EXPECT_THAT(image.pixels(), ElementsAre(1, 2, 9, 4));
}

TEST(Image, RefusesWhatIsNoImage) {
  EXPECT_THROW(Image(0, 1, 1), InvalidArgument);
  EXPECT_THROW(Image(1, -1, 1), InvalidArgument);
  EXPECT_THROW(Image(1, 1, 2), InvalidArgument);
  EXPECT_THROW(Image(1, 1, 4), InvalidArgument);
  EXPECT_THROW(Image(1 << 15, (1 << 13) + 1, 1), InvalidArgument);
  EXPECT_THAT([] { Image(2, 2, 3, std::vector<std::uint8_t>(11)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("2x2x3 needs 12 samples, got 11")));
}

TEST(ToRgb, RepeatsGreyAndKeepsColour) {
  EXPECT_EQ(to_rgb(Image(2, 1, 1, {7, 200})), Image(2, 1, 3, {7, 7, 7, 200, 200, 200}));
  const Image colour(1, 1, 3, {1, 2, 3});
  EXPECT_EQ(to_rgb(colour), colour);
}

TEST(ToGrey, WeighsTheChannels) {
  // 0.299, 0.587 and 0.114 of 255.
  EXPECT_EQ(to_grey(Image(4, 1, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255})),
            Image(4, 1, 1, {76, 150, 29, 255}));
  const Image grey(1, 1, 1, {3});
  EXPECT_EQ(to_grey(grey), grey);
}

/// The formula in whole numbers, for every colour there is, in either order.
TEST(ToGrey, IsTheFormulaForEveryColour) {
  Image colours(256, 256, 3);
  for (unsigned red = 0; red < 256; ++red) {
    Image expected(256, 256, 1);
    for (unsigned i = 0; i < 65536; ++i) {
      const unsigned green = i / 256;
      const unsigned blue = i % 256;
      colours.pixels()[3 * i] = static_cast<std::uint8_t>(red);
      colours.pixels()[3 * i + 1] = static_cast<std::uint8_t>(green);
      colours.pixels()[3 * i + 2] = static_cast<std::uint8_t>(blue);
      const unsigned sum = 19595 * red + 38470 * green + 7471 * blue + 32768;
      expected.pixels()[i] = static_cast<std::uint8_t>(sum / 65536);
    }
    ASSERT_EQ(to_grey(colours), expected) << red;
  }
}

TEST(ToGrey, DoesNotDependOnTheWidthOrTheOrder) {
  const Image row = testing::random_image(70, 1, 3, 2);
  const Image grey = to_grey(row);
  for (int width = 1; width <= 70; ++width) {
    std::vector<std::uint8_t> bgr(row.pixels().begin(), row.pixels().begin() + 3 * width);
    const Image expected(width, 1, 1, {grey.pixels().begin(), grey.pixels().begin() + width});
    EXPECT_EQ(to_grey(ImageView(bgr.data(), width, 1, 3, bgr.size())), expected) << width;
    for (std::size_t i = 0; i < bgr.size(); i += 3) {
      std::swap(bgr[i], bgr[i + 2]);
    }
    EXPECT_EQ(to_grey(ImageView(bgr.data(), width, 1, 3, bgr.size(), ChannelOrder::kBgr)), expected)
        << width;
  }
}

TEST(ToGrey, UndoesToRgb) {
  const Image grey = testing::random_image(31, 9, 1, 1);
  EXPECT_EQ(to_grey(to_rgb(grey)), grey);
}

}  // namespace
}  // namespace gradspace
