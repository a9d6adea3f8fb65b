#include "train/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace gradspace {
namespace {

std::vector<float> noise(std::size_t images, std::size_t latent, std::uint64_t seed, int epoch,
                         std::uint64_t first_place = 0) {
  std::vector<float> values(images * latent);
  fill_noise(values, latent, seed, epoch, first_place);
  return values;
}

TEST(FillNoise, IsStandardNormal) {
  constexpr std::size_t kImageCount = 20'000;
  constexpr std::size_t kLatent = 20;
  const std::vector<float> values = noise(kImageCount, kLatent, 1, 1);
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  double neighbours = 0;  // the two of one Box-Muller pair, and of two pairs
  double over_two = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double z = values[i];
    sum += z;
    squares += z * z;
    fourths += z * z * z * z;
    over_two += z > 2 ? 1 : 0;
    neighbours += i > 0 ? z * values[i - 1] : 0;
  }
  const double n = kImageCount * kLatent;
  // Five standard errors each: 1, sqrt 2, sqrt 96, 1 and sqrt(p) over sqrt n.
  EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(fourths / n, 3, 5 * std::sqrt(96 / n));
  EXPECT_NEAR(neighbours / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(over_two / n, 0.0227501, 5 * std::sqrt(0.0227501 / n));
}

TEST(FillNoise, OfAnImageHangsOnSeedEpochAndPlaceOnly) {
  const std::vector<float> whole = noise(8, 5, 1, 2);
  const std::vector<float> from_third = noise(5, 5, 1, 2, 3);
  EXPECT_TRUE(std::equal(from_third.begin(), from_third.end(), whole.begin() + 15));
  EXPECT_NE(whole, noise(8, 5, 1, 3));
  EXPECT_NE(whole, noise(8, 5, 2, 2));
}

TEST(FillNoise, TakesAnyLatentSize) {
  EXPECT_NO_THROW(noise(4, 0, 1, 1));
  const std::vector<float> odd = noise(2, 3, 1, 1);
  const std::vector<float> even = noise(2, 4, 1, 1);
  EXPECT_TRUE(std::equal(odd.begin(), odd.begin() + 3, even.begin()));
  EXPECT_TRUE(std::equal(odd.begin() + 3, odd.end(), even.begin() + 4));
}

TEST(EpochOrder, IsAnotherPermutationEachEpoch) {
  std::vector<std::uint32_t> first = epoch_order(500, 1, 1);
  EXPECT_EQ(first, epoch_order(500, 1, 1));
  EXPECT_NE(first, epoch_order(500, 1, 2));
  EXPECT_NE(first, epoch_order(500, 2, 1));
  std::ranges::sort(first);
  for (std::uint32_t i = 0; i < 500; ++i) {
    EXPECT_EQ(first[i], i);
  }
}

}  // namespace
}  // namespace gradspace
