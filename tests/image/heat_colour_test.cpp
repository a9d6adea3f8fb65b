#include "image/heat_colour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gradspace {
namespace {

using ::testing::ElementsAre;

TEST(HeatColour, GoesFromTheFirstColourToTheLastAndMixesNeighbours) {
  EXPECT_THAT(to_bytes(heat_colour(kBlackToYellow, 0)), ElementsAre(0, 0, 4));
  EXPECT_THAT(to_bytes(heat_colour(kBlackToYellow, 0.5)), ElementsAre(188, 55, 84));
  EXPECT_THAT(to_bytes(heat_colour(kIndigoToYellow, 1)), ElementsAre(255, 250, 180));
  // Half way between the first two.
  EXPECT_THAT(to_bytes(heat_colour(kIndigoToYellow, 0.125)), ElementsAre(70, 15, 85));
}

TEST(HeatColour, OfWhatIsOutsideIsThatOfTheEnds) {
  EXPECT_EQ(heat_colour(kBlackToYellow, -3), kBlackToYellow.front());
  EXPECT_EQ(heat_colour(kBlackToYellow, 7), kBlackToYellow.back());
}

}  // namespace
}  // namespace gradspace
