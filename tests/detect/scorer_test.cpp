#include "gradspace/scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/random.h"
#include "detect/perceptron.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ScorerTest : public ::testing::Test {
 protected:
  ScorerTest() {
    detector_.columns = parse_features(proposed_features(model_.spec), model_.spec);
    detector_.weights = Perceptron(dimension(detector_.columns), 1).tensors();
    detector_.model_sha256 = fingerprint(model_);
    detector_.calibration = Calibration(std::vector<double>{0.4, 0.5, 0.6});
  }

  static Image noise(int width, int height, int channels, std::uint64_t seed) {
    Random random(seed);
    Image image(width, height, channels);
    for (std::uint8_t& sample : image.pixels()) {
      sample = static_cast<std::uint8_t>(random.below(256));
    }
    return image;
  }

  Model model_ = initialise({}, 1);
  Detector detector_;
};

void expect_equal(const ImageScore& a, const ImageScore& b) {
  EXPECT_EQ(a.score, b.score);
  EXPECT_EQ(a.p_value, b.p_value);
  EXPECT_EQ(a.bce, b.bce);
  EXPECT_EQ(a.kld, b.kld);
  EXPECT_EQ(a.out_of_distribution, b.out_of_distribution);
}

TEST_F(ScorerTest, GivesOneScoreWhateverTheWayIn) {
  Scorer scorer(model_, detector_);
  EXPECT_EQ(scorer.input(), model_.spec.input);
  const std::vector<Image> images{noise(35, 30, 3, 1), noise(28, 28, 1, 2), noise(200, 90, 3, 3)};
  const std::vector<ImageView> views(images.begin(), images.end());
  std::vector<ImageScore> together(images.size());
  scorer.score(views, together);
  std::vector<std::uint8_t> fitted;
  for (std::size_t i = 0; i < images.size(); ++i) {
    expect_equal(scorer.score(images[i]), together[i]);
    const Image step_by_step = resize_bilinear(to_rgb(images[i]), 28, 28);
    fitted.insert(fitted.end(), step_by_step.pixels().begin(), step_by_step.pixels().end());
  }
  const std::vector<ImageScore> of_fitted = scorer.score_fitted(fitted);
  ASSERT_EQ(of_fitted.size(), images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    expect_equal(of_fitted[i], together[i]);
  }
  EXPECT_NE(together[0].score, together[2].score);
  EXPECT_TRUE(scorer.score_fitted({}).empty());
}

TEST_F(ScorerTest, TakesACamerasFrameWhereItLies) {
  Scorer scorer(model_, detector_);
  const Image image = noise(40, 33, 3, 5);
  constexpr std::size_t kStride = 128;  // rows of 120 bytes
  std::vector<std::uint8_t> frame(kStride * 33, 77);
  for (int y = 0; y < image.height(); ++y) {
    for (std::size_t x = 0; x < 40; ++x) {
      std::ranges::reverse_copy(image.row(y).subspan(3 * x, 3),
                                &frame[static_cast<std::size_t>(y) * kStride + 3 * x]);
    }
  }
  expect_equal(scorer.score({frame, 40, 33, 3, kStride, ChannelOrder::kBgr}), scorer.score(image));
}

TEST_F(ScorerTest, RefusesAnotherModelsDetector) {
  const Model other = initialise({}, 2);
  EXPECT_THAT([&] { Scorer(other, detector_); },
              ThrowsMessage<InvalidArgument>(
                  HasSubstr("another model (SHA-256 " + detector_.model_sha256.substr(0, 12))));
  EXPECT_THROW(Scorer(other, detector_, make_native_backend(other, detector_.columns)),
               InvalidArgument);
  model_.weights.begin()->second.values.front() += 1;  // another model, of the same make
  EXPECT_THROW(Scorer(model_, detector_), InvalidArgument);
}

TEST_F(ScorerTest, KnowsItsModelByTheFile) {
  const testing::TemporaryFolder folder;
  write_model(folder / "m.safetensors", model_);
  Model read = read_model(folder / "m.safetensors");
  EXPECT_NO_THROW(Scorer(read, detector_));
  read.weights.begin()->second.values.front() += 1;
  EXPECT_THROW(Scorer(read, detector_), InvalidArgument);
}

TEST_F(ScorerTest, RefusesWhatDoesNotFit) {
  EXPECT_THROW(Scorer(model_, detector_, make_native_backend(model_, {})), InvalidArgument);
  Detector bad = detector_;
  bad.columns.pop_back();
  EXPECT_THAT([&] { Scorer(model_, bad); },
              ThrowsMessage<InvalidArgument>(HasSubstr("network takes 1872 features")));
  bad = detector_;
  bad.threshold = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(Scorer(model_, bad), InvalidArgument);
  Scorer scorer(model_, detector_);
  const std::vector<std::uint8_t> images(2 * 2352);
  std::vector<ImageScore> scores(1);
  EXPECT_THAT([&] { scorer.score_fitted(images, scores); },
              ThrowsMessage<InvalidArgument>(HasSubstr("room for 1 scores of 2 images")));
  EXPECT_THROW(scorer.score_fitted(std::span(images).first(2353)), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
