#include "core/half.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace gradspace {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// What the bits of a positive, finite number of 16 bits say, as IEEE 754 defines them.
double value_of(std::uint16_t half) {
  const int exponent = half >> 10;
  const int fraction = half & 0x3FF;
  return exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
}

TEST(Half, IsWhatItsBitsSay) {
  for (std::uint16_t half = 0; half < 0x7C00; ++half) {
    ASSERT_EQ(float_of_half(half), value_of(half)) << half;
    ASSERT_EQ(float_of_half(half | 0x8000), -value_of(half)) << half;
  }
  EXPECT_EQ(float_of_half(0x7C00), kInfinity);
  EXPECT_EQ(float_of_half(0xFC00), -kInfinity);
  EXPECT_TRUE(std::isnan(float_of_half(0x7E01)));
}

TEST(Half, IsTheNearestAndOfTwoAsNearTheEvenOne) {
  for (std::uint16_t half = 0; half < 0x7BFF; ++half) {
    const std::uint16_t next = half + 1;
    const auto middle = static_cast<float>((value_of(half) + value_of(next)) / 2);  // exactly
    ASSERT_EQ(half_of(static_cast<float>(value_of(half))), half);
    ASSERT_EQ(half_of(std::nextafter(middle, 0.0F)), half);
    ASSERT_EQ(half_of(middle), half % 2 == 0 ? half : next);
    ASSERT_EQ(half_of(std::nextafter(middle, kInfinity)), next);
    ASSERT_EQ(half_of(-middle), (half % 2 == 0 ? half : next) | 0x8000);
  }
}

TEST(Half, IsTheLargestForWhatIsLarger) {
  for (const float value : {65504.0F, 65519.996F, 65520.0F, 1e5F, 3e38F, kInfinity}) {
    EXPECT_EQ(half_of(value), 0x7BFF) << value;
    EXPECT_EQ(half_of(-value), 0xFBFF) << value;
  }
  EXPECT_TRUE(std::isnan(float_of_half(half_of(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(half_of(1e-30F), 0);
  EXPECT_EQ(half_of(-0.0F), 0x8000);
}

TEST(Half, OfManyCountsWhatWasTooLarge) {
  const std::vector<float> values = {1, 65519.996F, 65520, -kInfinity, 0.1F};
  std::vector<std::uint16_t> halves(values.size());
  EXPECT_EQ(to_halves(values, halves), 2U);
  std::vector<float> back(values.size());
  from_halves(halves, back);
  EXPECT_THAT(back, ::testing::ElementsAre(1, 65504, 65504, -65504, 0.0999755859375F));
}

}  // namespace
}  // namespace gradspace
