// What holds for the companions whatever the images.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/score_pairs.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

/// Waves with noise, of any size: smooth and rough, as photographs are.
Image picture(int width, int height, std::uint64_t seed) {
  Random random(seed);
  const double phase = 6 * random.uniform();
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(phase + x / 7.0 + c) + std::cos(y / (5.0 + c) - x / 19.0);
        image.row(y)[static_cast<std::size_t>(3 * x + c)] = static_cast<std::uint8_t>(
            std::clamp(128 + 45 * wave + 8 * random.normal(), 0.0, 255.0));
      }
    }
  }
  return image;
}

Image noisier(const Image& image, double sigma, std::uint64_t seed) {
  Random random(seed);
  Image result = image;
  for (std::uint8_t& sample : result.pixels()) {
    sample = static_cast<std::uint8_t>(std::clamp(sample + sigma * random.normal(), 0.0, 255.0));
  }
  return result;
}

Image flat_image(int width, int height, std::uint8_t value) {
  Image image(width, height, 3);
  std::fill(image.pixels().begin(), image.pixels().end(), value);
  return image;
}

double companion_score(std::string_view metric, const Image& reference, const Image& distorted) {
  return make_quality_metric(metric)
      ->prepare(std::make_shared<QualityImage>(reference, "ref.png"))
      ->score(QualityImage(distorted, "dist.png"));
}

std::vector<std::string> companions() {
  return quality_metric_names(std::vector<std::string>{"companions"});
}

/// Pixels that the shorter side must have.
const std::map<std::string, int> kLeastSides{
    {"psnr", 1},          {"psnr-y", 1}, {"ssim", 11},    {"ms-ssim", 161},
    {"ms-ssim-rgb", 161}, {"gmsd", 5},   {"fsim-c", 3},   {"vsi", 3},
    {"ms-gmsd-c", 33},    {"mdsi", 3},   {"haarpsi", 16}, {"vif-p", 41}};

TEST(CompanionProperties, AllOfThemAreHere) {
  EXPECT_EQ(companions().size(), kLeastSides.size());
}

TEST(CompanionProperties, IdenticalImagesHaveExactlyTheBestScore) {
  for (const auto& [width, height] : {std::pair(161, 161), {200, 163}, {397, 261}}) {
    const Image image = picture(width, height, 1);
    for (const std::string& metric : companions()) {
      EXPECT_EQ(companion_score(metric, image, image),
                quality_metric_info(metric).of_identical_images)
          << metric;
    }
  }
}

TEST(CompanionProperties, TheSmallestImagesAreScoredAndSmallerOnesRefused) {
  for (const auto& [metric, least] : kLeastSides) {
    for (const auto& [width, height] : {std::pair(least, least), {least, least + 7}}) {
      const Image image = picture(width, height, 2);
      const double score = companion_score(metric, image, noisier(image, 20, 3));
      EXPECT_TRUE(std::isfinite(score)) << metric;
    }
    if (least > 1) {
      const Image small = picture(least + 3, least - 1, 4);
      try {
        companion_score(metric, small, small);
        ADD_FAILURE() << metric;
      } catch (const InvalidArgument& error) {
        EXPECT_THAT(error.what(), HasSubstr("ref.png: "));
        EXPECT_THAT(error.what(),
                    HasSubstr(fmt::format("{} needs at least {}x{}", metric, least, least)));
      }
    }
  }
}

TEST(CompanionProperties, MoreNoiseIsWorseAtAnySize) {
  Random random(5);
  for (int trial = 0; trial < 5; ++trial) {
    const int width = 161 + static_cast<int>(random.below(120));
    const int height = 161 + static_cast<int>(random.below(120));
    const Image image = picture(width, height, random.below(1000));
    for (const std::string& metric : companions()) {
      const QualityMetricInfo& info = quality_metric_info(metric);
      const double sign = info.larger_is_better ? 1 : -1;
      double better = sign * info.of_identical_images;
      for (const double sigma : {3.0, 10.0, 40.0}) {
        const double score = sign * companion_score(metric, image, noisier(image, sigma, 6));
        EXPECT_LT(score, better) << metric << ", " << width << "x" << height << ", " << sigma;
        better = score;
      }
    }
  }
}

TEST(CompanionProperties, SymmetricWhereTheFormulaIs) {
  const Image image = picture(223, 187, 7);
  const Image other = noisier(image, 15, 8);
  for (const std::string& metric : companions()) {
    const double there = companion_score(metric, image, other);
    const double back = companion_score(metric, other, image);
    if (metric == "mdsi" || metric == "vif-p") {
      EXPECT_NE(there, back) << metric;
    } else {
      EXPECT_NEAR(there, back, 1e-6 * std::abs(there)) << metric;
    }
  }
}

/// A value or a refusal that names the image; never what is no number.
void expect_sane(const Image& reference, const Image& distorted) {
  for (const std::string& metric : companions()) {
    try {
      const double score = companion_score(metric, reference, distorted);
      EXPECT_FALSE(std::isnan(score)) << metric;
      EXPECT_TRUE(std::isfinite(score) || metric.starts_with("psnr")) << metric;
      if (quality_metric_info(metric).range == "0 to 1") {
        EXPECT_GE(score, 0) << metric;
        EXPECT_LE(score, 1 + 1e-6) << metric;
      }
    } catch (const InvalidArgument& error) {
      EXPECT_THAT(error.what(), ::testing::ContainsRegex("(ref|dist)\\.png")) << metric;
    }
  }
}

TEST(CompanionProperties, HostileImagesGiveNoNonsense) {
  for (const int side : {1, 2, 3, 5, 16, 33, 41, 161, 180}) {
    const Image black = flat_image(side, side, 0);
    const Image grey = flat_image(side, side, 77);
    const Image white = flat_image(side, side, 255);
    const Image rough = picture(side, side, 9);
    Image negative = rough;
    for (std::uint8_t& sample : negative.pixels()) {
      sample = static_cast<std::uint8_t>(255 - sample);
    }
    for (const Image* reference : std::array<const Image*, 4>{&black, &grey, &white, &rough}) {
      for (const Image* distorted :
           std::array<const Image*, 5>{&black, &grey, &white, &rough, &negative}) {
        expect_sane(*reference, *distorted);
      }
    }
    expect_sane(picture(side, 200, 10), picture(side, 200, 11));
    expect_sane(picture(997, side, 10), picture(997, side, 11));
  }
}

TEST(CompanionProperties, UndefinedScoresSayWhy) {
  const Image white = flat_image(180, 180, 255);
  const Image grey = flat_image(180, 180, 77);
  const Image rough = picture(180, 180, 1);
  EXPECT_THROW(companion_score("vif-p", grey, rough), InvalidArgument);
  EXPECT_THROW(companion_score("vsi", grey, white), InvalidArgument);
  EXPECT_THROW(companion_score("fsim-c", grey, white), InvalidArgument);
  EXPECT_EQ(companion_score("vif-p", rough, grey), 0);  // nothing comes through
  EXPECT_EQ(companion_score("vif-p", grey, grey), 1);
  EXPECT_EQ(companion_score("gmsd", grey, grey), 0);
}

TEST(CompanionProperties, LumaOfAGreyImageIsEachOfItsColours) {
  const Image image = picture(192, 176, 12);  // halved four times without a rest
  const Image grey = to_rgb(to_grey(image));
  const Image other = to_rgb(to_grey(noisier(image, 12, 13)));
  EXPECT_NEAR(companion_score("ms-ssim", grey, other), companion_score("ms-ssim-rgb", grey, other),
              1e-12);
  EXPECT_EQ(companion_score("psnr-y", grey, other), companion_score("psnr", grey, other));
}

TEST(CompanionProperties, TogetherAloneAndOnAnyNumberOfThreads) {
  const testing::TemporaryFolder folder;
  std::vector<ImagePair> pairs;
  for (int i = 0; i < 6; ++i) {
    const Image image = picture(200 + i, 170, static_cast<std::uint64_t>(i / 3));
    const std::string reference = fmt::format("ref{}.png", i);
    const std::string distorted = fmt::format("dist{}.png", i);
    write_image(folder / reference, image);
    write_image(folder / distorted, noisier(image, 3 + i, 14));
    pairs.push_back({reference, distorted});
  }
  const std::vector<std::string> names = companions();
  const auto scores = [&](std::span<const std::string> metrics, int threads) {
    std::vector<std::vector<MetricScore>> result;
    ScorePairsOptions options;
    options.threads = threads;
    options.root = folder.path();
    score_pairs(
        make_quality_metrics(metrics), pairs,
        [&](std::size_t /*pair*/, const PairScore& score) { result.push_back(score.scores); },
        options);
    return result;
  };
  const auto together = scores(names, 1);
  EXPECT_EQ(scores(names, 4), together);
  for (std::size_t m = 0; m < names.size(); ++m) {
    const auto alone = scores(std::span(&names[m], 1), 2);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      EXPECT_EQ(alone[i].at(0), together[i].at(m)) << names[m];
    }
  }
}

TEST(CompanionProperties, WordsNameMetricsFamiliesAndAll) {
  const auto names = [](std::vector<std::string> words) { return quality_metric_names(words); };
  EXPECT_EQ(names({"paper"}), (std::vector<std::string>{"gradient", "unique"}));
  EXPECT_EQ(names({"vsi", "paper"}), (std::vector<std::string>{"vsi", "gradient", "unique"}));
  EXPECT_EQ(names({"psnr", "psnr"}), (std::vector<std::string>{"psnr", "psnr"}));
  EXPECT_EQ(names({"all"}).size(), all_quality_metrics().size());
  EXPECT_EQ(names({"ssim", "all"}).size(), all_quality_metrics().size());
  EXPECT_EQ(names({"ssim", "all"}).front(), "ssim");
  EXPECT_THROW(names({"vmaf"}), InvalidArgument);
  EXPECT_THROW(quality_metric_info("all"), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
