#include "gradspace/scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.h"
#include "detect/classifier_detector.h"
#include "detect/perceptron.h"
#include "gradspace/error.h"
#include "gradspace/one_class.h"
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
  EXPECT_THROW(Scorer(model_, detector_,
                      [](const Model& model, const std::vector<FeatureBlock>&) {
                        return make_native_backend(model, {});
                      }),
               InvalidArgument);
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

class MembersScorerTest : public ScorerTest {
 protected:
  MembersScorerTest() {
    members_.columns = parse_features(proposed_features(both_.spec), both_.spec, 2);
    members_.members = 2;
    members_.model_sha256 = fingerprint(both_);
    for (std::size_t member = 0; member < 2; ++member) {
      for (const auto& [name, tensor] : Perceptron(1872, member).tensors()) {
        members_.weights[member_prefix(member) + name] = tensor;
      }
    }
  }

  /// The logit of P(OOD) that the member's classifier alone gives.
  double logit(std::size_t member, const Image& image) const {
    const Model own = member_of(both_, member);
    Detector alone;
    alone.columns = parse_features(proposed_features(own.spec), own.spec);
    alone.weights = Perceptron(1872, member).tensors();
    alone.model_sha256 = fingerprint(own);
    const double p = Scorer(own, alone).score(image).score;
    return std::log(p / (1 - p));
  }

  Model both_ = join_members({initialise({}, 1), initialise({}, 2)});
  Detector members_;
  Image image_ = noise(40, 30, 3, 9);
};

TEST_F(MembersScorerTest, TakesTheMeanOfTheirLogits) {
  const double mean = (logit(0, image_) + logit(1, image_)) / 2;
  const ImageScore score = Scorer(both_, members_).score(image_);
  EXPECT_NEAR(score.score, 1 / (1 + std::exp(-mean)), 1e-9);
  const float bce = (Scorer(model_, detector_).score(image_).bce +
                     Scorer(member_of(both_, 1),
                            [&] {
                              Detector alone = detector_;
                              alone.model_sha256 = fingerprint(member_of(both_, 1));
                              return alone;
                            }())
                         .score(image_)
                         .bce) /
                    2;
  EXPECT_FLOAT_EQ(score.bce, bce);
}

TEST_F(MembersScorerTest, TwoSidedIsTheDistanceFromTheMiddle) {
  const double mean = (logit(0, image_) + logit(1, image_)) / 2;
  members_.two_sided = TwoSided(std::vector<double>{mean - 3, mean - 2, mean - 1, mean + 1});
  EXPECT_EQ(Scorer(both_, members_).score(image_).score, 0.5);  // three below, one above
}

TEST_F(MembersScorerTest, ComeBackFromAFile) {
  const testing::TemporaryFolder folder;
  members_.two_sided = TwoSided(std::vector<double>{-1, 0, 1});
  members_.calibration = Calibration(std::vector<double>{0, 0.5, 1});
  write_detector(folder / "d", members_);
  const Detector read = read_detector(folder / "d");
  EXPECT_EQ(read.members, 2U);
  EXPECT_EQ(read.columns, members_.columns);
  expect_equal(Scorer(both_, read).score(image_), Scorer(both_, members_).score(image_));
}

TEST_F(MembersScorerTest, TakesCleanRowsToBeCalibratedOn) {
  const std::vector<FeatureView> none(2, FeatureView{nullptr, 0, 1872, 1872});
  for (const bool two_sided : {false, true}) {
    EXPECT_THROW(calibrate_classifier(none, {two_sided, std::nullopt}, members_), InvalidArgument);
  }
}

TEST_F(MembersScorerTest, RefusesPartsThatDoNotFit) {
  Detector bad = members_;
  bad.members = 1;
  EXPECT_THAT([&] { Scorer(both_, bad); },
              ThrowsMessage<InvalidArgument>(HasSubstr("of member 0")));
  bad.members = 0;
  EXPECT_THROW(Scorer(both_, bad), InvalidArgument);
  EXPECT_THROW(load_score_function(bad, both_.spec), InvalidArgument);
  bad.members = kMaxMembers + 1;
  EXPECT_THROW(Scorer(both_, bad), InvalidArgument);
  bad = members_;
  bad.members = 3;  // of which the third has no columns
  EXPECT_THAT([&] { bad.validate(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("nothing of member 2")));
  bad = members_;
  bad.method = "image-statistics";
  bad.two_sided = TwoSided(std::vector<double>{0, 1});
  EXPECT_THAT([&] { bad.validate(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("image-statistics is not two-sided")));
  bad = members_;
  bad.weights.erase("member.1.0.weight");
  EXPECT_THROW(Scorer(both_, bad), InvalidArgument);
  EXPECT_THAT([&] { load_score_function(members_, both_.spec); },
              ThrowsMessage<InvalidArgument>(HasSubstr("use a Scorer")));
}

}  // namespace
}  // namespace gradspace
