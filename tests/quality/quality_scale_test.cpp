#include "gradspace/quality_scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/quality.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

TEST(QualityScale, EveryMetricHasOneThatNeverFalls) {
  for (const QualityMetricInfo& metric : all_quality_metrics()) {
    const double best = std::min(metric.of_identical_images, 60.0);
    const double worst = metric.name.starts_with("psnr") ? 15
                         : metric.larger_is_better       ? 0.01
                                                         : 0.6;
    ASSERT_TRUE(quality_equivalent(metric.name, best)) << metric.name;
    EXPECT_TRUE(quality_equivalent(metric.name, best)->better) << metric.name;
    EXPECT_TRUE(quality_equivalent(metric.name, worst)->worse) << metric.name;
    double quality = 0;
    auto impairment = Impairment::kVeryAnnoying;
    constexpr int kSteps = 500;
    for (int i = 0; i <= kSteps; ++i) {
      const QualityEquivalent equivalent =
          *quality_equivalent(metric.name, std::lerp(worst, best, i / double{kSteps}));
      EXPECT_GE(equivalent.jpeg_quality, quality) << metric.name;
      EXPECT_LE(equivalent.impairment, impairment) << metric.name;
      quality = equivalent.jpeg_quality;
      impairment = equivalent.impairment;
    }
    EXPECT_EQ(quality, 98);
    EXPECT_EQ(impairment, Impairment::kImperceptible);
  }
}

TEST(QualityScale, ReadsAsPeopleSayIt) {
  // 0.921106 and 0.949767 are accord's scores of the qualities 70 and 80.
  const QualityEquivalent middle = *quality_equivalent("accord", (0.921106 + 0.949767) / 2);
  EXPECT_NEAR(middle.jpeg_quality, 75, 1e-9);
  EXPECT_EQ(jpeg_quality_text(middle), "as JPEG q75");
  EXPECT_EQ(impairment_name(middle.impairment), "just noticeable");
  EXPECT_EQ(jpeg_quality_text(*quality_equivalent("psnr", 10)), "worse than JPEG q5");
  EXPECT_EQ(jpeg_quality_text(*quality_equivalent("psnr", std::numeric_limits<double>::infinity())),
            "better than JPEG q98");
  // MDSI falls as the quality rises.
  EXPECT_EQ(quality_equivalent("mdsi", 0.268911)->jpeg_quality, 20);
  EXPECT_EQ(quality_equivalent("mdsi", 0.268911)->impairment, Impairment::kSlightlyAnnoying);
  EXPECT_EQ(quality_equivalent("mdsi", 0.269)->impairment, Impairment::kAnnoying);
}

TEST(QualityScale, TheQualityThatIsPrintedHasTheImpairmentThatIsPrinted) {
  for (int i = 0; i <= 930; ++i) {
    QualityEquivalent equivalent = *quality_equivalent("mdsi", std::lerp(0.431, 0.0991, i / 930.0));
    const std::string text = jpeg_quality_text(equivalent);
    const double printed = std::stod(text.substr(text.find('q') + 1));
    EXPECT_NEAR(printed, equivalent.jpeg_quality, 1);
    const bool whole = equivalent.jpeg_quality == std::floor(equivalent.jpeg_quality);
    EXPECT_TRUE(!whole || printed == equivalent.jpeg_quality);
    for (const double begin : {14, 20, 35, 70, 85}) {
      EXPECT_EQ(printed >= begin, equivalent.jpeg_quality >= begin)
          << text << " is " << equivalent.jpeg_quality;
    }
  }
}

TEST(QualityScale, RefusesWhatHasNoEquivalent) {
  EXPECT_THROW(quality_equivalent("accord", std::numeric_limits<double>::quiet_NaN()),
               InvalidArgument);
  EXPECT_THROW(quality_equivalent("beauty", 0.5), InvalidArgument);
}

TEST(QualityScale, HoldsForPhotographsThatAreCompressedHere) {
  const auto shared = testing::shared_data();
  if (!shared) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const auto metric = make_quality_metric("accord");
  for (const int quality : {20, 50, 85}) {
    std::vector<double> found;
    for (const char* name :
         {"kodim04.png", "kodim07.png", "kodim15.png", "kodim19.png", "kodim23.png"}) {
      const Image photograph = to_rgb(read_image(*shared / "data" / "kodak" / name));
      const Image compressed = to_rgb(decode_image(
          encode_image(photograph, ImageFormat::kJpeg, {.jpeg_quality = quality}), name));
      const double score = metric->prepare(std::make_shared<QualityImage>(photograph))
                               ->score(QualityImage(compressed));
      found.push_back(quality_equivalent("accord", score)->jpeg_quality);
    }
    std::ranges::sort(found);
    // The scale is of the median of 24 photographs; of these five it is near.
    EXPECT_NEAR(found[2], quality, 0.2 * quality);
  }
}

}  // namespace
}  // namespace gradspace
