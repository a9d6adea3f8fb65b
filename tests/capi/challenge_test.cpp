#include "gradspace/challenge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "capi/c_objects.h"

namespace gradspace {
namespace {

using testing::c_image;
using testing::expect_ok;
using testing::noise_image;

const Image kClean = noise_image(40, 30, 3, 8);

TEST(CChallenge, IsThatOfTheCppInterface) {
  const gradspace_image image = c_image(kClean);
  std::vector<std::uint8_t> out(40 * 30 * 3);
  expect_ok(gradspace_challenge(&image, "rain", 3, 7, 0, out.data(), out.size(), 0));
  EXPECT_TRUE(
      std::ranges::equal(out, challenge::apply(kClean, challenge::Type::kRain, 3, 7).pixels()));
  challenge::Options options;
  options.post_production = true;
  options.strength = challenge::Strength::kPixels;
  expect_ok(gradspace_challenge(&image, "lens-blur", 5, 7,
                                GRADSPACE_CHALLENGE_POST_PRODUCTION | GRADSPACE_CHALLENGE_PIXELS,
                                out.data(), out.size(), 0));
  EXPECT_TRUE(std::ranges::equal(
      out, challenge::apply(kClean, challenge::Type::kLensBlur, 5, 7, options).pixels()));
}

TEST(CChallenge, KeepsLayoutAndWritesRowsWhereTheyAreWanted) {
  std::vector<std::uint8_t> bgr(kClean.pixels().begin(), kClean.pixels().end());
  for (std::size_t i = 0; i < bgr.size(); i += 3) {
    std::swap(bgr[i], bgr[i + 2]);
  }
  gradspace_image image = c_image(kClean);
  image.data = bgr.data();
  image.layout = GRADSPACE_BGR;
  constexpr std::size_t kStride = 130;
  std::vector<std::uint8_t> out(29 * kStride + 120 + 1, 77);
  expect_ok(gradspace_challenge(&image, "snow", 2, 1, 0, out.data(), out.size() - 1, kStride));
  const Image wanted = challenge::apply(kClean, challenge::Type::kSnow, 2, 1);
  for (int y = 0; y < 30; ++y) {
    const std::size_t begin = static_cast<std::size_t>(y) * kStride;
    for (std::size_t x = 0; x < 120; ++x) {
      EXPECT_EQ(out[begin + x], wanted.row(y)[x - x % 3 + 2 - x % 3]);
    }
    EXPECT_EQ(out[begin + 120], 77);
  }
  // In place.
  expect_ok(gradspace_challenge(&image, "snow", 2, 1, 0, bgr.data(), bgr.size(), 0));
  EXPECT_EQ(std::memcmp(bgr.data(), out.data(), 120), 0);
}

TEST(CChallenge, RefusesWhatItCannotDo) {
  const gradspace_image image = c_image(kClean);
  std::vector<std::uint8_t> out(40 * 30 * 3, 77);
  const auto refuse = [&](const char* type, int level, std::uint32_t flags, std::size_t size,
                          std::int64_t stride) {
    EXPECT_EQ(gradspace_challenge(&image, type, level, 1, flags, out.data(), size, stride),
              GRADSPACE_INVALID_ARGUMENT);
    EXPECT_THAT(out, ::testing::Each(77));
  };
  refuse("fire", 1, 0, out.size(), 0);
  refuse("rain", 0, 0, out.size(), 0);
  refuse("rain", 6, 0, out.size(), 0);
  refuse("rain", 1, 4, out.size(), 0);
  refuse("rain", 1, 0, out.size() - 1, 0);
  refuse("rain", 1, 0, 0, 0);
  refuse("rain", 1, 0, out.size(), 121);
  refuse("rain", 1, 0, out.size(), 119);
  refuse("rain", 1, 0, out.size(), -120);
  refuse("rain", 1, 0, out.size(), INT64_MAX);
  const Image small = noise_image(7, 9, 1, 1);
  const gradspace_image tiny = c_image(small);
  EXPECT_EQ(gradspace_challenge(&tiny, "rain", 1, 1, 0, out.data(), out.size(), 0),
            GRADSPACE_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace gradspace
