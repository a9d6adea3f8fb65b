#include "challenge/scene.h"

#include <gtest/gtest.h>

#include "challenge/light.h"

namespace gradspace::challenge {
namespace {

TEST(LumaHistogram, GivesPercentiles) {
  Image image(10, 10, 1);
  for (std::size_t i = 0; i < 100; ++i) {
    image.pixels()[i] = static_cast<std::uint8_t>(i + 1);
  }
  const LumaHistogram histogram(image);
  EXPECT_EQ(histogram.percentile(0), 1);
  EXPECT_EQ(histogram.percentile(0.5), 50);
  EXPECT_EQ(histogram.percentile(1), 100);
  const LumaHistogram white(Image(8, 8, 3, std::vector<std::uint8_t>(192, 255)));
  EXPECT_EQ(white.percentile(0.5), 255);
}

TEST(LumaHistogram, OfATallImageSamplesRows) {
  Image image(2, 5000, 1);
  std::fill(image.pixels().begin() + 5000, image.pixels().end(), std::uint8_t{200});
  const LumaHistogram histogram(image);
  EXPECT_EQ(histogram.percentile(0.45), 0);
  EXPECT_EQ(histogram.percentile(0.55), 200);
}

TEST(AirLight, FollowsTheBrightestPartsWithinDaylight) {
  const auto of = [](std::uint8_t value) {
    return air_light(Image(8, 8, 1, std::vector<std::uint8_t>(64, value)));
  };
  EXPECT_FLOAT_EQ(of(10), 0.35F);
  EXPECT_FLOAT_EQ(of(200), linear_table()[200]);
  EXPECT_FLOAT_EQ(of(255), 0.85F);
}

}  // namespace
}  // namespace gradspace::challenge
