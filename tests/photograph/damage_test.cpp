#include "photograph/damage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "photograph/picture.h"
#include "support/scenes.h"

namespace gradspace {
namespace {

using testing::photograph_of_scene;

double mean_difference(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i) {
    sum += std::abs(static_cast<int>(a.pixels()[i]) - static_cast<int>(b.pixels()[i]));
  }
  return sum / static_cast<double>(a.pixels().size());
}

TEST(Coding, IsTheFilesQuality) {
  const Image image = photograph_of_scene(64, 48, 1);
  for (const int quality : {10, 50, 75, 92, 100}) {
    EncodeOptions options;
    options.jpeg_quality = quality;
    EXPECT_EQ(coding_of(encode_image(image, ImageFormat::kJpeg, options)).jpeg_quality, quality);
  }
  EXPECT_EQ(coding_of(encode_image(image, ImageFormat::kPng)).jpeg_quality, std::nullopt);
  EXPECT_EQ(coding_of({0xFF, 0xD8, 0xFF, 0x00}).jpeg_quality, std::nullopt) << "a damaged file";
}

TEST(Damage, IsDrawnAndKeepsTheSize) {
  const Image colour = photograph_of_scene(80, 60, 2);
  const Image grey = to_grey(colour);
  int changed = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    for (const Image* image : {&colour, &grey}) {
      Random random(seed);
      const Image copy = damaged(*image, {}, random);
      EXPECT_EQ(copy.width(), 80);
      EXPECT_EQ(copy.height(), 60);
      EXPECT_EQ(copy.channels(), image->channels());
      changed += mean_difference(copy, *image) > 0.2 ? 1 : 0;
      Random again(seed);
      EXPECT_EQ(damaged(*image, {}, again), copy);
    }
  }
  EXPECT_GE(changed, 114) << "of 120";
}

TEST(Picture, IsBlurredAsAGaussianBlurs) {
  Picture picture{101, 101, 1, std::vector<float>(101 * 101)};
  picture.values[50 * 101 + 50] = 255;
  blur(picture, 3);
  double sum = 0;
  double spread = 0;
  for (std::size_t y = 0; y < 101; ++y) {
    for (std::size_t x = 0; x < 101; ++x) {
      const double value = picture.values[y * 101 + x];
      sum += value;
      spread += value * (static_cast<double>(x) - 50) * (static_cast<double>(x) - 50);
    }
  }
  EXPECT_NEAR(sum, 255, 0.01);
  EXPECT_NEAR(std::sqrt(spread / sum), 3, 0.06) << "cut off at three deviations";
}

TEST(Picture, IsSmearedAlongItsDirectionAlone) {
  Picture picture{64, 64, 1, std::vector<float>(64 * 64)};
  for (std::size_t x = 0; x < 64; ++x) {
    picture.values[32 * 64 + x] = 100;  // a lying line
  }
  Picture along = picture;
  smear(along, 10, 0);
  for (std::size_t i = 0; i < along.values.size(); ++i) {
    EXPECT_NEAR(along.values[i], picture.values[i], 1e-3);
  }
  smear(picture, 10, 90);
  EXPECT_LT(picture.values[32 * 64 + 32], 15);
  EXPECT_GT(picture.values[28 * 64 + 32], 5);
}

TEST(Picture, HasSmoothFieldsFromNoughtToOne) {
  Random random(4);
  const std::vector<float> field = smooth_field(120, 90, 5, random);
  const auto [low, high] = std::ranges::minmax(field);
  EXPECT_GE(low, 0);
  EXPECT_LE(high, 1);
  EXPECT_GT(high - low, 0.5);
  for (std::size_t i = 1; i < 120; ++i) {
    EXPECT_LT(std::abs(field[i] - field[i - 1]), 0.1);
  }
}

}  // namespace
}  // namespace gradspace
