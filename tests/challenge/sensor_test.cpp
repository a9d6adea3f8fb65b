#include "challenge/sensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "challenge/light.h"
#include "challenge/pictures.h"

namespace gradspace::challenge {
namespace {

using gradspace::testing::noisy_grey;

TEST(NormalSource, HasTheMomentsOfANormalDistribution) {
  NormalSource normal(1);
  constexpr int kDraws = 400'000;
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto value = static_cast<double>(normal.next());
    sum += value;
    squares += value * value;
    fourths += value * value * value * value;
  }
  // Five standard errors: 1, sqrt 2 and sqrt 96 over sqrt n; the cut tails lower the fourth moment.
  EXPECT_NEAR(sum / kDraws, 0, 0.008);
  EXPECT_NEAR(squares / kDraws, 1, 0.0112);
  EXPECT_NEAR(fourths / kDraws, 3, 0.1);
}

TEST(NoiseSigma, FindsWhiteNoise) {
  for (const double sigma : {1.0, 2.0, 5.0, 9.0}) {
    // Rounding to whole samples adds a variance of 1/12.
    const double expected = std::sqrt(sigma * sigma + 1.0 / 12);
    EXPECT_NEAR(noise_sigma(noisy_grey(128, 128, 128, sigma), 0), expected, 0.06 * expected);
    EXPECT_NEAR(noise_sigma(noisy_grey(35, 35, 128, sigma), 0), expected, 0.2 * expected);
  }
}

TEST(NoiseSigma, IsNotMisledByRampsEdgesAndTexture) {
  Image ramp(64, 64, 1);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      ramp.row(y)[static_cast<std::size_t>(x)] = static_cast<std::uint8_t>(x + 2 * y + 20);
    }
  }
  EXPECT_EQ(noise_sigma(ramp, 0), 0);
  // Texture over a part of the picture: the smooth part counts.
  Image textured = noisy_grey(64, 64, 120, 2);
  const Image texture = noisy_grey(64, 40, 120, 40);
  std::copy(texture.pixels().begin(), texture.pixels().end(), textured.pixels().begin());
  EXPECT_NEAR(noise_sigma(textured, 0), 2, 0.8);
}

TEST(NoiseSigma, PassesOverClippedBlocks) {
  EXPECT_EQ(noise_sigma(noisy_grey(40, 40, 0, 0), 0), 0);
  EXPECT_EQ(noise_sigma(noisy_grey(40, 40, 255, 0), 0), 0);
  // The left half is burnt out: its zero noise is not the picture's.
  Image half = noisy_grey(64, 64, 128, 4);
  for (int y = 0; y < 64; ++y) {
    std::fill_n(half.row(y).begin(), 32, std::uint8_t{255});
  }
  EXPECT_NEAR(noise_sigma(half, 0), 4, 0.8);
}

TEST(NoiseSigma, LooksAtOneChannel) {
  Image image(32, 32, 3);
  const Image noisy = noisy_grey(32, 32, 128, 5);
  for (std::size_t i = 0; i < noisy.pixels().size(); ++i) {
    image.pixels()[3 * i] = 100;
    image.pixels()[3 * i + 1] = noisy.pixels()[i];
    image.pixels()[3 * i + 2] = 100;
  }
  EXPECT_EQ(noise_sigma(image, 0), 0);
  EXPECT_EQ(noise_sigma(image, 1), noise_sigma(noisy, 0));
  EXPECT_EQ(noise_sigma(image, 2), 0);
}

TEST(Sensor, AddsTheMissingPartOfTheFloorOnly) {
  const Image image = noisy_grey(128, 128, 128, 5);
  const Sensor sensor({image, 1, 3, {}});
  const Planes flat = to_linear(noisy_grey(128, 128, 128, 0));
  const auto deviation = [&](float kept) {
    return gradspace::testing::rmse(sensor.develop(flat, kept), noisy_grey(128, 128, 128, 0));
  };
  EXPECT_NEAR(deviation(0.0F), 5, 0.3);
  EXPECT_NEAR(deviation(0.8F), 3, 0.2);  // 5 * sqrt(1 - 0.64)
  EXPECT_EQ(deviation(1.0F), 0);
  const Sensor without({image, 1, 3, {true}});
  EXPECT_EQ(without.develop(flat, 0.0F), noisy_grey(128, 128, 128, 0));
}

}  // namespace
}  // namespace gradspace::challenge
