#include "gradspace/quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "capi/c_objects.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/quality_scale.h"

namespace gradspace {
namespace {

using testing::c_image;
using testing::data_file;
using testing::expect_ok;
using ::testing::HasSubstr;

class CQuality : public testing::CObjects {
 protected:
  const Image good_ = read_image(data_file("quality/pair1_ref.png"));
  const Image bad_ = read_image(data_file("quality/pair1_blur.png"));

  gradspace_reference* prepare(const char* name, const gradspace_decoder* decoder = nullptr) {
    gradspace_metric* metric = nullptr;
    expect_ok(gradspace_metric_new(name, decoder, &metric));
    gradspace_reference* reference = nullptr;
    const gradspace_image image = c_image(good_);
    expect_ok(gradspace_reference_new(metric, &image, &reference));
    expect_ok(gradspace_close(metric));  // which the reference outlives
    return keep(reference);
  }
};

TEST_F(CQuality, IsThatOfTheCppInterface) {
  const gradspace_image good = c_image(good_);
  const gradspace_image bad = c_image(bad_);
  for (const char* name : {"accord", "gradient", "ssim", "psnr"}) {
    const gradspace_reference* const reference = prepare(name);
    const auto oracle =
        make_quality_metric(name)->prepare(std::make_shared<const QualityImage>(good_));
    double score = 0;
    expect_ok(gradspace_reference_score(reference, &bad, &score));
    EXPECT_EQ(score, oracle->score(QualityImage(bad_)));
    expect_ok(gradspace_reference_score(reference, &good, &score));
    EXPECT_EQ(score, quality_metric_info(name).of_identical_images);
  }
}

TEST_F(CQuality, TakesADecoderOfAFile) {
  LinearDecoder other = shipped_decoder();
  other.b1.values[0] += 1;
  save_decoder(folder / "decoder.safetensors", other);
  gradspace_decoder* decoder = nullptr;
  expect_ok(gradspace_decoder_open((folder / "decoder.safetensors").c_str(), &decoder));
  const gradspace_reference* const reference = prepare("unique", decoder);
  expect_ok(gradspace_close(decoder));
  double score = 0;
  const gradspace_image bad = c_image(bad_);
  expect_ok(gradspace_reference_score(reference, &bad, &score));
  const auto oracle =
      make_quality_metric("unique", other)->prepare(std::make_shared<const QualityImage>(good_));
  EXPECT_EQ(score, oracle->score(QualityImage(bad_)));
}

TEST_F(CQuality, HasItsEquivalent) {
  gradspace_quality quality;
  expect_ok(gradspace_quality_equivalent("ssim", 0.9, &quality));
  const QualityEquivalent wanted = *quality_equivalent("ssim", 0.9);
  EXPECT_EQ(quality.jpeg_quality, wanted.jpeg_quality);
  EXPECT_EQ(quality.worse, wanted.worse ? 1 : 0);
  EXPECT_EQ(quality.impairment, static_cast<int>(wanted.impairment));
  expect_ok(
      gradspace_quality_equivalent("psnr", std::numeric_limits<double>::infinity(), &quality));
  EXPECT_EQ(quality.better, 1);
  EXPECT_EQ(gradspace_quality_equivalent("none", 1, &quality), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_quality_equivalent("ssim", std::nan(""), &quality),
            GRADSPACE_INVALID_ARGUMENT);
}

TEST_F(CQuality, RefusesImagesOfAnotherSize) {
  const Image small(20, 20, 3);
  const gradspace_image image = c_image(small);
  double score = -1;
  EXPECT_EQ(gradspace_reference_score(prepare("ssim"), &image, &score), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("20x20"));
  EXPECT_EQ(score, -1);
  gradspace_metric* metric = nullptr;
  EXPECT_EQ(gradspace_metric_new("no-metric", nullptr, &metric), GRADSPACE_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace gradspace
