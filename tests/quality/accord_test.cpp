// Our own score, and the level and contrast that it sets apart.
#include "quality/level_and_contrast.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/csv_table.h"
#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/quality.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

/// Gain about the middle grey, then a shift; rounded and clipped.
struct Tone {
  double gain = 1;
  double shift = 0;
};

Image with_tone(const Image& image, Tone tone) {
  Image result = image;
  for (std::uint8_t& sample : result.pixels()) {
    const double wanted = std::floor((sample - 128) * tone.gain + 128 + tone.shift + 0.5);
    sample = static_cast<std::uint8_t>(std::clamp(wanted, 0.0, 255.0));
  }
  return result;
}

Image with_noise(const Image& image, double sigma) {
  Random random(3);
  Image result = image;
  for (std::uint8_t& sample : result.pixels()) {
    sample = static_cast<std::uint8_t>(std::clamp(sample + sigma * random.normal(), 0.0, 255.0));
  }
  return result;
}

/// Large soft shapes under fine texture, between 60 and 195: no change of this file clips it.
Image soft_picture(int width, int height) {
  Random random(7);
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double shape = std::sin(x / 31.0) * std::cos(y / 43.0 + x / 90.0);
      for (int c = 0; c < 3; ++c) {
        const double value = 128 + 40 * shape + 7 * std::sin(x / 2.0 + c) + 6 * random.uniform();
        image.row(y)[static_cast<std::size_t>(3 * x + c)] = static_cast<std::uint8_t>(value);
      }
    }
  }
  return image;
}

double accord_score(const Image& reference, const Image& distorted) {
  return make_quality_metric("accord")
      ->prepare(std::make_shared<QualityImage>(reference, "ref.png"))
      ->score(QualityImage(distorted, "dist.png"));
}

quality::LevelAndContrast tone_between(const Image& reference, const Image& distorted) {
  return quality::level_and_contrast(QualityImage(reference), QualityImage(distorted));
}

/// The golden file's changes of tone, by the name that ends a path.
const std::map<std::string, Tone> kGoldenTones{{"darker", {1, -25}},
                                               {"brighter", {1, 31}},
                                               {"flatter", {0.6, 0}},
                                               {"steeper", {1.5, 0}},
                                               {"both", {0.8, -12}}};

/// An image of the golden file: pair1_blur.png is a file, pair1_blur_darker.png is made of it.
Image golden_image(std::string_view name) {
  const std::string stem(name.substr(0, name.rfind('.')));
  const std::size_t last = stem.rfind('_');
  const auto tone = kGoldenTones.find(stem.substr(last + 1));
  const auto file = [](const std::string& path) {
    return to_rgb(read_image(testing::data_file("quality/" + path)));
  };
  return tone == kGoldenTones.end() ? file(std::string(name))
                                    : with_tone(file(stem.substr(0, last) + ".png"), tone->second);
}

TEST(Accord, AgreesWithTheFormulasThatItWasChosenBy) {
  const std::string path = testing::data_file("quality/accord.csv").string();
  const std::string text = read_text_file(path);
  CsvTable table(text, path);
  int count = 0;
  while (table.next()) {
    const std::string distorted(table.text(table.column("distorted")));
    const double score =
        accord_score(golden_image(table.text(table.column("reference"))), golden_image(distorted));
    // The reference's luma is summed in float32 here and in double there.
    EXPECT_NEAR(score, table.number(table.column("accord")), 2e-6) << distorted;
    ++count;
  }
  EXPECT_EQ(count, 36);
}

TEST(Accord, ChangesOfToneAloneCostWhatTheHeaderSays) {
  const Image image = soft_picture(320, 240);
  const auto loss = [&](Tone tone) {
    return -std::log(accord_score(image, with_tone(image, tone)));
  };
  // What is left of structure is rounding.
  EXPECT_NEAR(loss({1, 20}), 0.006 * 20, 0.02);
  EXPECT_NEAR(loss({1, -30}), 0.006 * 30, 0.02);
  EXPECT_NEAR(loss({0.7, 0}), -1.6 * std::log(0.7), 0.06);
  EXPECT_LT(loss({1.4, 0}), 0.06) << "more contrast is forgiven";
  EXPECT_GT(loss({1 / 1.4, 0}), 0.5) << "less is not";
}

TEST(Accord, DamageIsSeenBehindAChangeOfTone) {
  const Image image = soft_picture(256, 200);
  const Tone tone{0.8, 15};
  double better = accord_score(image, with_tone(image, tone));
  for (const double sigma : {3.0, 8.0, 20.0}) {
    const double score = accord_score(image, with_noise(with_tone(image, tone), sigma));
    EXPECT_LT(score, better) << sigma;
    better = score;
  }
}

TEST(Accord, IsOneForIdenticalImagesAndLessForOthers) {
  for (const auto& [width, height] : {std::pair(31, 31), {33, 64}, {257, 131}}) {
    const Image image = soft_picture(width, height);
    EXPECT_EQ(accord_score(image, image), 1);
    const double score = accord_score(image, with_noise(image, 4));
    EXPECT_GT(score, 0);
    EXPECT_LT(score, 1);
  }
}

TEST(Accord, UndefinedScoresSayWhy) {
  const Image image = soft_picture(64, 64);
  const Image grey = with_tone(image, {0, 0});
  const auto refusal = [](const Image& reference, const Image& distorted) -> std::string {
    try {
      accord_score(reference, distorted);
      return "";
    } catch (const InvalidArgument& error) {
      return error.what();
    }
  };
  EXPECT_THAT(refusal(grey, image), HasSubstr("ref.png: all its patches"));
  EXPECT_THAT(refusal(image, grey), HasSubstr("dist.png: all its patches"));
  EXPECT_THAT(refusal(image, soft_picture(64, 65)), HasSubstr("sizes must match"));
  EXPECT_THAT(refusal(soft_picture(16, 16), soft_picture(16, 16)), HasSubstr("ref.png: 16x16"));
}

TEST(LevelAndContrast, AreFoundWhateverElseIsDone) {
  const Image image = soft_picture(320, 240);
  for (const Tone tone : {Tone{1, 12}, {0.6, 0}, {1.3, -9}, {0.8, 25}}) {
    for (const double sigma : {0.0, 12.0}) {
      const quality::LevelAndContrast found =
          tone_between(image, with_noise(with_tone(image, tone), sigma));
      EXPECT_NEAR(found.log_gain, std::log(tone.gain), 0.03);
      // The mean is not the middle grey that the gain is about. A shift of less than 1 counts as none.
      const double shift = (found.pivot - 128) * (tone.gain - 1) + tone.shift;
      EXPECT_NEAR(found.shift, shift, 1) << tone.gain << ", " << tone.shift << ", " << sigma;
    }
  }
}

TEST(LevelAndContrast, AreNotMovedByNoiseOrByClippedSamples) {
  const Image image = soft_picture(320, 240);
  EXPECT_FALSE(tone_between(image, with_noise(image, 25)).differs());
  EXPECT_NEAR(tone_between(image, with_tone(image, {1, 1})).shift, 0, 1e-9) << "nobody sees it";
  // A quarter of the picture is almost white in either, and nearer to white than it would be if it was not clipped.
  Image bright = image;
  std::fill_n(bright.pixels().begin(), bright.pixels().size() / 4, std::uint8_t{250});
  const quality::LevelAndContrast found = tone_between(bright, with_tone(bright, {1, 30}));
  EXPECT_NEAR(found.shift, 30, 0.1);
  EXPECT_EQ(found.log_gain, 0);
}

TEST(LevelAndContrast, OfFlatImagesAreAShiftAlone) {
  const Image grey = with_tone(soft_picture(64, 48), {0, 0});
  const quality::LevelAndContrast found = tone_between(grey, with_tone(grey, {1, 40}));
  EXPECT_NEAR(found.shift, 40, 1e-4);
  EXPECT_EQ(found.log_gain, 0);
}

TEST(LevelAndContrast, AreGivenToAnImageWithinItsRange) {
  const Image image = soft_picture(40, 40);
  const Image given = quality::adapted(image, {128, 10, std::log(0.5)});
  EXPECT_EQ(given, with_tone(image, {0.5, 10}));
  const Image clipped = quality::adapted(image, {128, 200, 0});
  EXPECT_EQ(*std::ranges::min_element(clipped.pixels()), 255);
}

}  // namespace
}  // namespace gradspace
