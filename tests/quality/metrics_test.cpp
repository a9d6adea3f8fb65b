// What holds for every metric, and the plain ones against scikit-image.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/arena.h"
#include "core/random.h"
#include "gradspace/agreement.h"
#include "gradspace/error.h"
#include "quality/golden.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using testing::quality_image;
using testing::score;

const LinearDecoder& decoder() {
  static const LinearDecoder weights =
      testing::read_raw_decoder(testing::data_file("quality/decoder_sparse.f32"));
  return weights;
}

std::shared_ptr<const QualityImage> flat(int width, int height, std::uint8_t value,
                                         const char* name = "flat.png") {
  Image image(width, height, 3);
  std::fill(image.pixels().begin(), image.pixels().end(), value);
  return std::make_shared<QualityImage>(std::move(image), name);
}

Image noise(int width, int height, int channels, std::uint64_t seed) {
  Random random(seed);
  Image image(width, height, channels);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(256));
  }
  return image;
}

std::string message_of(const std::string& metric,
                       const std::shared_ptr<const QualityImage>& reference,
                       const QualityImage& distorted) {
  try {
    score(metric, decoder(), reference, distorted);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "no error";
}

/// Wang's formula, a window at a time.
double plain_ssim(const Image& a, const Image& b) {
  constexpr int kTaps = 11;
  constexpr double kC1 = (0.01 * 255) * (0.01 * 255);
  constexpr double kC2 = (0.03 * 255) * (0.03 * 255);
  double weight_sum = 0;
  double weights[kTaps];
  for (int i = 0; i < kTaps; ++i) {
    weights[i] = std::exp(-(i - 5) * (i - 5) / 4.5);
    weight_sum += weights[i];
  }
  double total = 0;
  for (int top = 0; top + kTaps <= a.height(); ++top) {
    for (int left = 0; left + kTaps <= a.width(); ++left) {
      double sum_a = 0, sum_b = 0, sum_aa = 0, sum_bb = 0, sum_ab = 0;
      for (int y = 0; y < kTaps; ++y) {
        for (int x = 0; x < kTaps; ++x) {
          const double weight = weights[y] * weights[x] / (weight_sum * weight_sum);
          const double p = a.row(top + y)[static_cast<std::size_t>(left + x)];
          const double q = b.row(top + y)[static_cast<std::size_t>(left + x)];
          sum_a += weight * p;
          sum_b += weight * q;
          sum_aa += weight * p * p;
          sum_bb += weight * q * q;
          sum_ab += weight * p * q;
        }
      }
      total += (2 * sum_a * sum_b + kC1) * (2 * (sum_ab - sum_a * sum_b) + kC2) /
               ((sum_a * sum_a + sum_b * sum_b + kC1) *
                (sum_aa - sum_a * sum_a + sum_bb - sum_b * sum_b + kC2));
    }
  }
  return total / ((a.width() - kTaps + 1) * (a.height() - kTaps + 1));
}

/// Strips of 64 columns of places, and what is left over of one; noise, and white that is nearly flat.
TEST(Metrics, SsimIsTheFormulaWhateverTheSize) {
  for (const int width : {11, 12, 18, 19, 73, 74, 75, 76, 140}) {
    for (const int height : {11, 12, 30}) {
      Image a = noise(width, height, 1, 1);
      Image b = noise(width, height, 1, 2);
      for (int y = 0; y < height / 2; ++y) {
        for (std::size_t x = 0; x < a.row(y).size(); ++x) {
          a.row(y)[x] = 255;
          b.row(y)[x] = static_cast<std::uint8_t>(254 + b.row(y)[x] % 2);
        }
      }
      EXPECT_NEAR(score("ssim", decoder(), std::make_shared<QualityImage>(a), QualityImage(b)),
                  plain_ssim(a, b), 1e-11)
          << width << "x" << height;
    }
  }
}

TEST(Metrics, PsnrAndSsimAreScikitImages) {
  const auto golden =
      nlohmann::json::parse(read_text_file(testing::data_file("quality/companions.json")));
  for (const nlohmann::json& row : golden.at("scores")) {
    const auto file = [&](const char* key) {
      return testing::data_file("quality/" + row.at(key).get<std::string>());
    };
    const auto reference = quality_image(file("reference"));
    const auto distorted = quality_image(file("distorted"));
    EXPECT_NEAR(score("psnr", decoder(), reference, *distorted), row.at("psnr"), 1e-9);
    EXPECT_NEAR(score("ssim", decoder(), reference, *distorted), row.at("ssim"), 1e-9);
  }
}

TEST(Metrics, IdenticalImagesArePerfect) {
  for (const auto& image :
       {quality_image(testing::data_file("quality/pair1_ref.png")), flat(64, 48, 77)}) {
    EXPECT_EQ(score("gradient", decoder(), image, *image), 1);
    EXPECT_EQ(score("unique", decoder(), image, *image), 1);
    EXPECT_EQ(score("ssim", decoder(), image, *image), 1);
    EXPECT_EQ(score("psnr", decoder(), image, *image), std::numeric_limits<double>::infinity());
  }
}

TEST(Metrics, GreyCountsAsRgb) {
  const Image grey = noise(180, 161, 1, 1);  // all metrics take it
  const Image other = noise(180, 161, 1, 2);
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    const std::string name(info.name);
    const double of_grey =
        score(name, decoder(), std::make_shared<QualityImage>(grey), QualityImage(other));
    const double of_rgb = score(name, decoder(), std::make_shared<QualityImage>(to_rgb(grey)),
                                QualityImage(to_rgb(other)));
    EXPECT_EQ(of_grey, of_rgb) << name;
  }
}

TEST(Metrics, SizesMustMatch) {
  const auto reference = std::make_shared<QualityImage>(noise(164, 164, 3, 1), "a.png");
  const QualityImage distorted(noise(164, 163, 3, 1), "b.png");
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    EXPECT_EQ(message_of(std::string(info.name), reference, distorted),
              "a.png is 164x164 but b.png is 164x163; sizes must match");
  }
}

TEST(Metrics, FewerThanFourPatchesAreRefused) {
  // 31 pixels halve to 16; 30 to 15, which hold one patch.
  const auto enough = std::make_shared<QualityImage>(noise(31, 31, 3, 1));
  EXPECT_GT(score("gradient", decoder(), enough, QualityImage(noise(31, 31, 3, 2))), 0);
  const auto few = std::make_shared<QualityImage>(noise(30, 31, 3, 1), "few.png");
  for (const std::string metric : {"gradient", "unique"}) {
    EXPECT_THAT(message_of(metric, few, *few), HasSubstr("few.png: 30x31 pixels are 2 patches"));
  }
  EXPECT_THAT(message_of("ssim", std::make_shared<QualityImage>(noise(10, 11, 3, 1), "s.png"),
                         QualityImage(noise(10, 11, 3, 2))),
              HasSubstr("s.png: 10x11 pixels; ssim needs at least 11x11"));
}

TEST(Metrics, ImagesWithoutVarianceAreRefused) {
  const auto black = flat(64, 64, 0, "black.png");
  const auto white = flat(64, 64, 255, "white.png");
  const auto picture = std::make_shared<QualityImage>(noise(64, 64, 3, 1), "noise.png");
  for (const std::string metric : {"gradient", "unique"}) {
    EXPECT_THAT(message_of(metric, black, *white), HasSubstr("black.png"));
    EXPECT_THAT(message_of(metric, picture, *white), HasSubstr("white.png"));
    EXPECT_THAT(message_of(metric, white, *picture), HasSubstr("white.png"));
  }
}

TEST(Metrics, AReferenceServesManyImages) {
  const auto enlarged = [](const char* file) {  // so that all metrics take it
    const Image image = read_image(testing::data_file(file));
    return std::make_shared<QualityImage>(
        resize_bilinear(image, 3 * image.width(), 3 * image.height()));
  };
  const auto reference = enlarged("quality/pair1_ref.png");
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    const std::string name(info.name);
    const auto prepared = make_quality_metric(name, decoder())->prepare(reference);
    for (const char* file : {"quality/pair1_noise.png", "quality/pair1_blur.png"}) {
      const auto distorted = enlarged(file);
      EXPECT_EQ(prepared->score(*distorted), score(name, decoder(), reference, *distorted));
    }
  }
}

TEST(Metrics, UnknownNamesAreRefused) {
  EXPECT_THROW(make_quality_metric("vmaf", decoder()), InvalidArgument);
}

TEST(Metrics, TheMapAddsUpToTheScore) {
  const auto reference = quality_image(testing::data_file("quality/pair1_ref.png"));
  const auto distorted = quality_image(testing::data_file("quality/pair1_blur.png"));
  const GradientMap map = gradient_map(*reference, *distorted, decoder());
  ASSERT_EQ(map.columns, 4);  // 72 pixels halve to 36
  ASSERT_EQ(map.rows, 6);
  const double mean = std::accumulate(map.values.begin(), map.values.end(), 0.0) / 24;
  EXPECT_NEAR(std::pow(1 - mean, 10), score("gradient", decoder(), reference, *distorted), 1e-9);
  const GradientMap same = gradient_map(*reference, *reference, decoder());
  EXPECT_EQ(same.values, std::vector<double>(24, 0.0));
}

TEST(Metrics, TheMapShowsWhereTheChangeIs) {
  const auto reference = quality_image(testing::data_file("quality/pair1_ref.png"));
  Image changed = reference->rgb();
  Random random(1);
  for (int y = 32; y < 64; ++y) {
    for (std::size_t x = 0; x < 3 * 32; ++x) {
      std::uint8_t& sample = changed.row(y)[x];
      sample = static_cast<std::uint8_t>(std::clamp(sample + 40 * random.normal(), 0.0, 255.0));
    }
  }
  const GradientMap map = gradient_map(*reference, QualityImage(changed), decoder());
  double inside = 0;
  double outside = 0;
  for (std::size_t i = 0; i < map.values.size(); ++i) {
    const bool changed_here = i % 4 < 2 && i / 4 >= 2 && i / 4 < 4;
    (changed_here ? inside : outside) += map.values[i] / (changed_here ? 4 : 20);
  }
  EXPECT_GT(inside, 5 * outside);
  const auto hottest =
      static_cast<int>(std::max_element(map.values.begin(), map.values.end()) - map.values.begin());
  const Image picture = draw_gradient_map(*reference, map);
  EXPECT_EQ(picture.width(), 72);
  EXPECT_GT(picture.height(), 96);
  // The heat is warm, red over blue; what is no whole patch stays grey.
  const auto pixel = [&](int x, int y) {
    return picture.row(y).subspan(static_cast<std::size_t>(3 * x), 3);
  };
  const auto hot = pixel(16 * (hottest % 4) + 8, 16 * (hottest / 4) + 8);
  EXPECT_GT(hot[0], hot[2]);
  EXPECT_EQ(pixel(70, 48)[0], pixel(70, 48)[2]);
  EXPECT_THROW(draw_gradient_map(*flat(64, 64, 0), map), InvalidArgument);
}

// Real photographs: quality falls with every step of a distortion, on average.

/// Mean scores of a metric over photographs at each level of a distortion.
template <typename Distort>
std::vector<double> mean_scores(const std::string& metric, const LinearDecoder& weights,
                                const std::vector<std::shared_ptr<const QualityImage>>& photos,
                                int levels, const Distort& distort) {
  const auto made = make_quality_metric(metric, weights);
  std::vector<double> means(static_cast<std::size_t>(levels), 0.0);
  for (const auto& photo : photos) {
    const auto reference = made->prepare(photo);
    for (int level = 0; level < levels; ++level) {
      means[static_cast<std::size_t>(level)] +=
          reference->score(QualityImage(distort(photo->rgb(), level))) /
          static_cast<double>(photos.size());
    }
  }
  return means;
}

Image compressed(const Image& image, int level) {
  constexpr int kQualities[] = {90, 60, 30, 15, 5};
  return decode_image(encode_image(image, ImageFormat::kJpeg, {kQualities[level]}), "jpeg");
}

Image noisy(const Image& image, int level) {
  Random random(7);
  Image result = image;
  for (std::uint8_t& sample : result.pixels()) {
    const double value = sample + 3 * std::pow(2.0, level) * random.normal();
    sample = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
  }
  return result;
}

/// Softer and softer: down and up again.
Image blurred(const Image& image, int level) {
  const double factor = 1.5 + 0.75 * level;
  const auto smaller = [factor](int side) { return std::max(1, static_cast<int>(side / factor)); };
  return resize_bilinear(resize_bilinear(image, smaller(image.width()), smaller(image.height())),
                         image.width(), image.height());
}

TEST(Metrics, FallWithTheSeverityOfDistortions) {
  const auto data = testing::shared_data();
  if (!data) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(*data / "data" / "kodak")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  constexpr std::size_t kPhotos = 5;
  ASSERT_GE(files.size(), kPhotos);
  std::vector<std::shared_ptr<const QualityImage>> photos;
  for (std::size_t i = 0; i < kPhotos; ++i) {
    photos.push_back(
        std::make_shared<QualityImage>(resize_bilinear(read_image(files[i]), 384, 256)));
  }
  const LinearDecoder weights = load_decoder(*data / "data" / "iqa" / "ImageNet_Weights_YGCr.mat");
  for (const std::string metric : {"gradient", "unique"}) {
    for (const auto& [name, distort] :
         {std::pair("jpeg", &compressed), {"noise", &noisy}, {"blur", &blurred}}) {
      const std::vector<double> means = mean_scores(metric, weights, photos, 5, distort);
      EXPECT_LT(means.front(), 1) << metric << ", " << name;
      for (std::size_t level = 1; level < means.size(); ++level) {
        EXPECT_LT(means[level], means[level - 1]) << metric << ", " << name << ", " << level;
      }
    }
  }
}

/// Large enough for several groups of blocks, and for several ranges of keys.
TEST(Metrics, LearnedScoresDoNotDependOnTheNumberOfThreads) {
  const auto reference = std::make_shared<QualityImage>(noise(1000, 1100, 3, 1));
  Image distorted = reference->rgb();
  for (std::size_t i = 0; i < distorted.pixels().size(); i += 5) {
    distorted.pixels()[i] /= 2;
  }
  for (const std::string metric : {"gradient", "unique"}) {
    const auto on = [&](int threads) {
      return in_arena(threads, [&] {
        return score(metric, decoder(), std::make_shared<QualityImage>(reference->rgb()),
                     QualityImage(distorted));
      });
    };
    const double alone = on(1);
    EXPECT_LT(alone, 1);
    EXPECT_EQ(on(2), alone);
    EXPECT_EQ(on(5), alone);
  }
}

}  // namespace
}  // namespace gradspace
