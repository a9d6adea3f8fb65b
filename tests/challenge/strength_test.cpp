// Sizes in pixels: what the header says of each level is measured on the challenged images.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "challenge/light.h"
#include "challenge/pictures.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"

namespace gradspace::challenge {
namespace {

using gradspace::testing::rmse;
using gradspace::testing::scene;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<std::pair<int, int>> kSizes = {{640, 480}, {64, 64}};

Options in_pixels() {
  Options options;
  options.strength = Strength::kPixels;
  return options;
}

Image flat(int width, int height, int channels, std::uint8_t value) {
  Image image(width, height, channels);
  std::ranges::fill(image.pixels(), value);
  return image;
}

/// Variance along x of the light that a white square in the middle of a black picture becomes, less the square's own:
/// the variance of the blur.
double blur_variance(int width, int height, Type type, int level) {
  // Little light is spread so thin that stored samples round it away: a wide blur gets a wide square.
  const int side = level == 1 ? 1 : 9;
  Image image(width, height, 1);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      image.row(height / 2 + y)[static_cast<std::size_t>(width / 2 + x)] = 255;
    }
  }
  const Image blurred = apply(image, type, level, 1, in_pixels());
  double light = 0;
  double squares = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto sample =
          static_cast<double>(linear_table()[blurred.row(y)[static_cast<std::size_t>(x)]]);
      light += sample;
      squares += sample * std::pow(x - width / 2 - (side - 1) / 2, 2);
    }
  }
  return squares / light - (side * side - 1) / 12.0;
}

TEST(StrengthInPixels, BlursAreAsWideAsDocumentedInEveryImage) {
  const double sigmas[] = {0.5, 0.8, 1.4, 2.4, 4.0};
  const double radii[] = {1.0, 1.6, 2.8, 4.8, 8.0};
  for (const auto& [width, height] : kSizes) {
    for (int level = 1; level <= kLevels; ++level) {
      SCOPED_TRACE(::testing::Message() << width << "x" << height << " level " << level);
      // Cutting the kernel at three sigma takes 2.7 % of the variance, rounding of samples some more.
      const double sigma = std::sqrt(blur_variance(width, height, Type::kGaussianBlur, level));
      EXPECT_NEAR(sigma, sigmas[level - 1], 0.03 * sigmas[level - 1]);
      // A disc's variance along an axis is a quarter of its squared radius; that samples are squares adds up to a
      // sixth.
      const double variance = blur_variance(width, height, Type::kLensBlur, level);
      const double disc = radii[level - 1] * radii[level - 1] / 4;
      EXPECT_GT(variance, 0.97 * disc);
      EXPECT_LT(variance, 1.03 * disc + 1.0 / 6);
    }
  }
}

TEST(StrengthInPixels, NoiseOfMidGreyHasTheDocumentedDeviationInEveryImage) {
  const double deviations[] = {2, 5, 9, 15, 25};
  for (const auto& [width, height] : kSizes) {
    for (const int channels : {1, 3}) {
      const Image grey = flat(width, height, channels, 128);
      for (int level = 1; level <= kLevels; ++level) {
        // Rounding to whole samples adds a twelfth to the variance; 4096 samples tell a deviation to 1.1 %.
        const double expected = std::sqrt(std::pow(deviations[level - 1], 2) + 1.0 / 12);
        EXPECT_NEAR(rmse(grey, apply(grey, Type::kNoise, level, 5, in_pixels())), expected,
                    0.04 * expected)
            << width << "x" << height << "x" << channels << " level " << level;
      }
    }
  }
}

TEST(StrengthInPixels, NoiseIsWhiteInALargeFrameToo) {
  const Image grey = flat(640, 480, 1, 128);
  const auto correlation = [&](const Options& options) {
    const Image noisy = apply(grey, Type::kNoise, 3, 5, options);
    double products = 0;
    double squares = 0;
    for (std::size_t i = 1; i < noisy.pixels().size(); ++i) {
      const double here = noisy.pixels()[i] - 128.0;
      products += here * (noisy.pixels()[i - 1] - 128.0);
      squares += here * here;
    }
    return products / squares;
  };
  EXPECT_NEAR(correlation(in_pixels()), 0, 0.02);
  EXPECT_GT(correlation({}), 0.2) << "relative to the image half of it has a coarser grain";
}

/// The mean length of what stands out along the rows of a flat picture.
double mean_run(const Image& image) {
  std::vector<std::uint8_t> sorted(image.pixels().begin(), image.pixels().end());
  std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2));
  const int ground = sorted[sorted.size() / 2];
  std::size_t inside = 0;
  std::size_t runs = 0;
  for (int y = 0; y < image.height(); ++y) {
    bool before = false;
    for (const std::uint8_t sample : image.row(y)) {
      const bool here = std::abs(sample - ground) > 12;
      inside += here ? 1 : 0;
      runs += here && !before ? 1 : 0;
      before = here;
    }
  }
  return static_cast<double>(inside) / static_cast<double>(runs);
}

TEST(StrengthInPixels, DropsAndDirtHaveOneSizeInImagesOfEverySize) {
  for (const auto& [type, value] : std::vector<std::pair<Type, std::uint8_t>>{
           {Type::kRain, 60}, {Type::kSnow, 60}, {Type::kDirtyLens, 200}}) {
    const auto run = [&](int scale, const Options& options) {
      return mean_run(apply(flat(640 * scale, 480 * scale, 1, value), type, 1, 7, options));
    };
    EXPECT_NEAR(run(2, in_pixels()) / run(1, in_pixels()), 1, 0.2) << name(type);
    EXPECT_NEAR(run(2, {}) / run(1, {}), 2, 0.4) << name(type);
  }
}

TEST(StrengthInPixels, GrowsWithTheLevel) {
  for (const auto& [width, height] : kSizes) {
    const Image image = scene(width, height, 3);
    for (const TypeInfo& info : all_types()) {
      double last = 0;
      for (int level = 1; level <= kLevels; ++level) {
        double distance = 0;
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
          distance += rmse(image, apply(image, info.type, level, seed, in_pixels()));
        }
        EXPECT_GT(distance, last) << info.name << " level " << level << " of " << width << " px";
        last = distance;
      }
    }
  }
}

TEST(StrengthInPixels, ChangesEveryImageHoweverSmall) {
  for (const int side : {8, 28}) {
    const Image image = scene(side, side, 3);
    for (const TypeInfo& info : all_types()) {
      for (std::uint64_t seed = 0; seed < 8; ++seed) {
        EXPECT_NE(apply(image, info.type, 1, seed, in_pixels()), image)
            << info.name << " " << side << " px, seed " << seed;
      }
    }
  }
}

TEST(StrengthInPixels, IsTheSameWhereThereIsNoSize) {
  const Image image = scene(64, 48, 3);
  for (const TypeInfo& info : all_types()) {
    const bool sized = info.type != Type::kDecolorization && info.type != Type::kDarkening &&
                       info.type != Type::kExposure && info.type != Type::kHaze;
    EXPECT_EQ(apply(image, info.type, 3, 5) != apply(image, info.type, 3, 5, in_pixels()), sized)
        << info.name;
  }
}

TEST(ParseStrength, TakesTwoWords) {
  for (const Strength strength : {Strength::kImage, Strength::kPixels}) {
    EXPECT_EQ(parse_strength(name(strength)), strength);
  }
  EXPECT_EQ(Options().strength, Strength::kImage);
  EXPECT_THAT(
      [] { parse_strength("pixel"); },
      ThrowsMessage<InvalidArgument>(HasSubstr("strength 'pixel' is not one of image, pixels")));
}

}  // namespace
}  // namespace gradspace::challenge
