#include "challenge/light.h"

#include <gtest/gtest.h>

#include <cmath>

#include "challenge/pictures.h"

namespace gradspace::challenge {
namespace {

double exact_code(double linear) {
  const double v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
  return 255 * v;
}

TEST(SrgbEncoder, IsWithinAHundredthOfTheExactCode) {
  for (int i = 0; i <= 100'000; ++i) {
    const float linear = static_cast<float>(i) / 100'000.0F;
    EXPECT_NEAR(static_cast<double>(srgb_encoder()(linear)),
                exact_code(static_cast<double>(linear)), 0.01)
        << linear;
  }
}

TEST(SrgbEncoder, ClipsWhatIsOutside) {
  EXPECT_EQ(srgb_encoder()(-3.0F), 0.0F);
  EXPECT_EQ(srgb_encoder()(7.0F), 255.0F);
}

TEST(LinearTable, IsInvertedByTheEncoder) {
  for (int code = 0; code < 256; ++code) {
    const auto index = static_cast<std::size_t>(code);
    EXPECT_EQ(to_sample(srgb_encoder()(linear_table()[index])), code);
    EXPECT_FLOAT_EQ(linear_of_code(static_cast<float>(code)), linear_table()[index]);
  }
  EXPECT_NEAR(linear_table()[128], 0.2158605, 1e-6);  // IEC 61966-2-1
}

TEST(ToLinear, SeparatesChannels) {
  const Image image = gradspace::testing::scene(9, 7, 3);
  const Planes planes = to_linear(image);
  ASSERT_EQ(planes.size(), 3U);
  for (int y = 0; y < 7; ++y) {
    for (int x = 0; x < 9; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_EQ(planes[c].row(y)[x],
                  linear_table()[image.row(y)[static_cast<std::size_t>(x) * 3 + c]]);
      }
    }
  }
}

}  // namespace
}  // namespace gradspace::challenge
