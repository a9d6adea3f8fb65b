#include "gradspace/challenge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "challenge/pictures.h"
#include "challenge/sensor.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace::challenge {
namespace {

using gradspace::testing::is_constant;
using gradspace::testing::noisy_grey;
using gradspace::testing::rmse;
using gradspace::testing::scene;
using gradspace::testing::seen_distance;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// The images' mean distance to the challenged ones, by level from 1.
std::vector<double> distances(const std::vector<Image>& images, Type type) {
  std::vector<double> means;
  for (int level = 1; level <= kLevels; ++level) {
    double sum = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const Image challenged =
          apply(images[i], type, level, image_seed(0, type, std::to_string(i)));
      EXPECT_FALSE(is_constant(challenged)) << name(type) << " level " << level << " image " << i;
      sum += seen_distance(images[i], challenged, 64);
    }
    means.push_back(sum / static_cast<double>(images.size()));
  }
  return means;
}

/// The rule of every challenge: level 1 is at most 40 % of level 5, every step between half the mean
/// step and twice.
void expect_even_levels(const std::vector<Image>& images) {
  for (const TypeInfo& info : all_types()) {
    const std::vector<double> means = distances(images, info.type);
    EXPECT_GT(means.front(), 0) << info.name;
    EXPECT_LE(means.front(), 0.4 * means.back()) << info.name;
    const double mean_step = (means.back() - means.front()) / (kLevels - 1);
    for (std::size_t i = 1; i < means.size(); ++i) {
      const double step = means[i] - means[i - 1];
      EXPECT_GE(step, 0.5 * mean_step) << info.name << " to level " << i + 1;
      EXPECT_LE(step, 2.0 * mean_step) << info.name << " to level " << i + 1;
    }
  }
}

std::vector<Image> read_some(const std::filesystem::path& folder, std::size_t count) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (has_image_extension(entry.path())) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Image> images;
  for (std::size_t i = 0; i < count && i < paths.size(); ++i) {
    images.push_back(read_image(paths[i * paths.size() / count]));
  }
  return images;
}

TEST(Challenges, GrowEvenlyWithTheLevelOnScenes) {
  std::vector<Image> images;
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    images.push_back(scene(48, 40, 3, seed));
  }
  expect_even_levels(images);
}

TEST(Challenges, GrowEvenlyWithTheLevelOnTrafficSigns) {
  const auto data = gradspace::testing::shared_data();
  if (!data) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const std::vector<Image> signs = read_some(*data / "data/signs/RealChallengeFree/test", 60);
  ASSERT_GE(signs.size(), 20U);
  expect_even_levels(signs);
}

TEST(Challenges, GrowEvenlyWithTheLevelOnPhotographs) {
  const auto data = gradspace::testing::shared_data();
  if (!data) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  std::vector<Image> photos = read_some(*data / "data/kodak", 24);
  ASSERT_GE(photos.size(), 20U);
  for (Image& photo : photos) {
    photo = resize_bilinear(photo, photo.width() / 4, photo.height() / 4);
  }
  expect_even_levels(photos);
}

TEST(Challenges, AreAsHardOnALargeFrameAsOnASmallCrop) {
  const Image small = scene(64, 48, 3);
  const Image large = scene(640, 480, 3);
  for (const TypeInfo& info : all_types()) {
    // Where dirt and shadows fall is chance: over a few draws.
    double small_distance = 0;
    double large_distance = 0;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      small_distance += seen_distance(small, apply(small, info.type, 3, seed), 32);
      large_distance += seen_distance(large, apply(large, info.type, 3, seed), 32);
    }
    EXPECT_LT(large_distance, 2 * small_distance) << info.name;
    EXPECT_GT(large_distance, 0.5 * small_distance) << info.name;
  }
}

TEST(Challenges, AreTheSameForOneSeedOnEveryThread) {
  const Image image = scene(37, 29, 3);
  for (const TypeInfo& info : all_types()) {
    const Image expected = apply(image, info.type, 3, 42);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back(
          [&] { EXPECT_EQ(apply(image, info.type, 3, 42), expected) << info.name; });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
}

TEST(Challenges, WithDrawsDifferForAnotherSeed) {
  const Image image = scene(64, 64, 3);
  for (const Type type : {Type::kCodecError, Type::kDirtyLens, Type::kNoise, Type::kRain,
                          Type::kShadow, Type::kSnow, Type::kHaze}) {
    EXPECT_NE(apply(image, type, 3, 1), apply(image, type, 3, 2)) << name(type);
  }
}

TEST(Challenges, TakeEverySizeAndKeepIt) {
  for (const int channels : {1, 3}) {
    for (const auto& [width, height] : std::vector<std::pair<int, int>>{
             {8, 8}, {9, 31}, {31, 9}, {8, 400}, {400, 8}, {33, 17}, {130, 129}}) {
      const Image image = scene(width, height, channels);
      for (const TypeInfo& info : all_types()) {
        for (const int level : {1, kLevels}) {
          const Image challenged = apply(image, info.type, level, 3);
          EXPECT_EQ(challenged.width(), width);
          EXPECT_EQ(challenged.height(), height);
          EXPECT_EQ(challenged.channels(), channels);
          if (info.type != Type::kDecolorization || channels == 3) {
            EXPECT_NE(challenged, image) << info.name << " " << width << "x" << height;
          }
        }
      }
    }
  }
}

TEST(Challenges, TakeAFullHdFrame) {
  const Image frame = resize_bilinear(scene(480, 270, 3), 1920, 1080);
  for (const TypeInfo& info : all_types()) {
    EXPECT_GT(rmse(frame, apply(frame, info.type, kLevels, 3)), 5) << info.name;
  }
}

TEST(Challenges, TakeBlackWhiteAndUniformPictures) {
  for (const int value : {0, 1, 128, 255}) {
    for (const int channels : {1, 3}) {
      const auto samples = static_cast<std::size_t>(16 * 12 * channels);
      const Image image(16, 12, channels,
                        std::vector<std::uint8_t>(samples, static_cast<std::uint8_t>(value)));
      for (const TypeInfo& info : all_types()) {
        EXPECT_NO_THROW(apply(image, info.type, kLevels, 1)) << info.name << " on " << value;
      }
    }
  }
}

TEST(Challenges, LeaveAPictureThatIsDarkOrBrightRecognisable) {
  // A picture of two near tones must not become one, neither in the dark nor in the light.
  const auto two_tones = [](std::uint8_t a, std::uint8_t b) {
    Image image(32, 32, 3);
    for (std::size_t i = 0; i < image.pixels().size(); ++i) {
      image.pixels()[i] = (i / 48) % 2 == 0 ? a : b;
    }
    return image;
  };
  EXPECT_FALSE(is_constant(apply(two_tones(20, 30), Type::kDarkening, kLevels, 1)));
  EXPECT_FALSE(is_constant(apply(two_tones(200, 210), Type::kExposure, kLevels, 1)));
}

TEST(Decolorization, LeavesGreyAloneAndEndsInGrey) {
  const Image grey = scene(20, 20, 1);
  EXPECT_EQ(apply(grey, Type::kDecolorization, kLevels, 1), grey);
  const Image colour = scene(20, 20, 3);
  const Image faded = apply(colour, Type::kDecolorization, kLevels, 1);
  for (std::size_t i = 0; i < faded.pixels().size(); i += 3) {
    EXPECT_EQ(faded.pixels()[i], faded.pixels()[i + 1]);
    EXPECT_EQ(faded.pixels()[i], faded.pixels()[i + 2]);
  }
  // BT.709 luminance of linear red, encoded: (0.2126)^(1/2.4) * 1.055 - 0.055 = 0.4984.
  const Image red(8, 8, 3, [] {
    std::vector<std::uint8_t> pixels(192, 0);
    for (std::size_t i = 0; i < pixels.size(); i += 3) {
      pixels[i] = 255;
    }
    return pixels;
  }());
  EXPECT_EQ(apply(red, Type::kDecolorization, kLevels, 1).pixels()[0], 127);
}

TEST(Noise, HasColourAndGrowsInTheLightAsShotNoiseDoes) {
  // In linear light the variance is affine in the light: the brighter area has more of it.
  const auto deviation = [](double value) {
    const Image flat = noisy_grey(128, 128, value, 0);
    return rmse(flat, apply(flat, Type::kNoise, 2, 9));
  };
  // Encoding compresses light by its slope, so in stored samples dark areas are the noisier ones.
  EXPECT_GT(deviation(60), 1.2 * deviation(200));
  const Image grey_rgb(64, 64, 3, std::vector<std::uint8_t>(64 * 64 * 3, 128));
  const Image noisy = apply(grey_rgb, Type::kNoise, 3, 9);
  double blue = 0;
  double green = 0;
  for (std::size_t i = 0; i < noisy.pixels().size(); i += 3) {
    green += std::pow(noisy.pixels()[i + 1] - 128.0, 2);
    blue += std::pow(noisy.pixels()[i + 2] - 128.0, 2);
  }
  EXPECT_GT(blue, 1.5 * green);
}

TEST(NoiseFloor, ComesBackAfterOpticsAndIsLeftOutInPostProduction) {
  const Image image = noisy_grey(96, 96, 120, 4);
  const float before = noise_sigma(image, 0);
  ASSERT_NEAR(before, 4, 0.3);
  Options post_production;
  post_production.post_production = true;
  for (const Type type : {Type::kLensBlur, Type::kGaussianBlur, Type::kHaze}) {
    const Image restored = apply(image, type, kLevels, 5);
    const Image without = apply(image, type, kLevels, 5, post_production);
    EXPECT_NEAR(noise_sigma(restored, 0), before, 0.1F * before) << name(type);
    EXPECT_LT(noise_sigma(without, 0), 0.5F * before) << name(type);
  }
  // Where the scene shines through unattenuated nothing is missing, and nothing is added: the least
  // change is of a noise-free picture.
  const Image clean = noisy_grey(96, 96, 120, 0);
  EXPECT_EQ(apply(clean, Type::kDirtyLens, 3, 5),
            apply(clean, Type::kDirtyLens, 3, 5, post_production));
}

TEST(NoiseFloor, IsNotTouchedByWhatComesAfterTheSensor) {
  const Image image = scene(64, 64, 3);
  Options post_production;
  post_production.post_production = true;
  for (const Type type : {Type::kDecolorization, Type::kCodecError, Type::kNoise}) {
    EXPECT_EQ(apply(image, type, 3, 5), apply(image, type, 3, 5, post_production)) << name(type);
  }
}

TEST(Levels, AddToTheSameDrops) {
  // What a level has drawn stays at the next: rain only brightens a black picture.
  const Image black(64, 64, 1);
  for (const Type type : {Type::kRain, Type::kSnow}) {
    Image last = apply(black, type, 1, 11);
    for (int level = 2; level <= kLevels; ++level) {
      Image next = apply(black, type, level, 11);
      std::size_t darker = 0;
      for (std::size_t i = 0; i < next.pixels().size(); ++i) {
        darker += next.pixels()[i] + 1 < last.pixels()[i] ? 1U : 0U;
      }
      EXPECT_EQ(darker, 0U) << name(type) << " level " << level;
      last = next;
    }
  }
}

TEST(Apply, RefusesWhatItCannotDoAndSaysWhatItCan) {
  const Image image = scene(16, 16, 3);
  EXPECT_THAT([&] { apply(image, Type::kRain, 0, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("level 0 is not within 1 to 5")));
  EXPECT_THROW(apply(image, Type::kRain, 6, 1), InvalidArgument);
  EXPECT_THAT([&] { apply(Image(7, 100, 3), Type::kRain, 1, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("at least 8x8 pixels, not 7x100")));
  EXPECT_THROW(apply(image, static_cast<Type>(0), 1, 1), InvalidArgument);
  EXPECT_THROW(apply(image, static_cast<Type>(13), 1, 1), InvalidArgument);
}

TEST(ImageSeed, DependsOnRunTypeAndKey) {
  const std::uint64_t seed = image_seed(1, Type::kRain, "train/a.bmp");
  EXPECT_EQ(seed, image_seed(1, Type::kRain, "train/a.bmp"));
  EXPECT_NE(seed, image_seed(1, Type::kRain, "val/a.bmp"));
  EXPECT_NE(seed, image_seed(2, Type::kRain, "train/a.bmp"));
  EXPECT_NE(seed, image_seed(1, Type::kSnow, "train/a.bmp"));
}

TEST(Registry, HasCureTsrsNumbers) {
  const std::map<int, std::string> expected = {
      {1, "decolorization"}, {2, "lens-blur"}, {3, "codec-error"},   {4, "darkening"},
      {5, "dirty-lens"},     {6, "exposure"},  {7, "gaussian-blur"}, {8, "noise"},
      {9, "rain"},           {10, "shadow"},   {11, "snow"},         {12, "haze"}};
  ASSERT_EQ(all_types().size(), expected.size());
  for (const TypeInfo& info : all_types()) {
    EXPECT_EQ(expected.at(static_cast<int>(info.type)), info.name);
    EXPECT_EQ(parse_type(info.name), info.type);
  }
}

}  // namespace
}  // namespace gradspace::challenge
