#include "gradspace/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(ToGrey, UndoesToRgb) {
  const Image grey = testing::random_image(31, 9, 1, 1);
  EXPECT_EQ(to_grey(to_rgb(grey)), grey);
}

}  // namespace
}  // namespace gradspace
