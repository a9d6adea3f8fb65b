#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/file.h"
#include "gradcon/images.h"
#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

GradConDetector detector_of(const AutoencoderSpec& spec) {
  GradConDetector detector;
  detector.model = initialise(spec, 1);
  const Model other = initialise(spec, 2);
  for (const LayerInfo& layer : layers(spec)) {
    if (layer.name.starts_with("up.")) {
      detector.mean_gradients[layer.name + ".weight"] = other.weights.at(layer.name + ".weight");
    }
  }
  for (int i = 0; i < 30; ++i) {
    detector.clean_errors.push_back(0.01F * static_cast<float>(i));
    detector.clean_cosines.push_back(0.5F - 0.01F * static_cast<float>(i % 7));
  }
  detector.model.metadata["training"] = "{}";
  return detector;
}

TEST(GradConDetector, ComesBackFromItsFile) {
  const testing::TemporaryFolder folder;
  for (const int latent : {0, 5}) {
    const GradConDetector written = detector_of(gradcon_autoencoder(1, latent));
    write_gradcon(folder / "d", written);
    const GradConDetector read = read_gradcon(folder / "d");
    EXPECT_EQ(read.model.spec, written.model.spec);
    EXPECT_EQ(read.model.weights, written.model.weights);
    EXPECT_EQ(read.model.metadata, written.model.metadata);
    EXPECT_EQ(read.mean_gradients, written.mean_gradients);
    EXPECT_EQ(read.clean_errors, written.clean_errors);
    EXPECT_EQ(read.clean_cosines, written.clean_cosines);
  }
}

TEST(GradConDetector, RefusesDamagedFiles) {
  const testing::TemporaryFolder folder;
  const GradConDetector good = detector_of(gradcon_autoencoder(1));
  write_model(folder / "model", good.model);
  EXPECT_THROW(read_gradcon(folder / "model"), FormatError);
  EXPECT_THROW(read_gradcon(folder / "none"), IoError);

  write_gradcon(folder / "d", good);
  std::vector<std::uint8_t> bytes = read_file(folder / "d");
  bytes.resize(bytes.size() - 100);
  write_file(folder / "d", bytes);
  EXPECT_THROW(read_gradcon(folder / "d"), FormatError);

  GradConDetector bad = good;
  bad.mean_gradients.erase("up.2.weight");
  EXPECT_THAT(
      [&] { write_gradcon(folder / "d", bad); },
      ThrowsMessage<InvalidArgument>(HasSubstr("mean gradient of 'up.2.weight' is missing")));
  bad = good;
  bad.mean_gradients.at("up.2.weight").shape = {64, 32, 16};
  EXPECT_THAT([&] { bad.validate(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("has shape [64, 32, 16]")));
  bad = good;
  bad.mean_gradients.at("up.0.weight").values[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT([&] { GradConScorer scorer(bad); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'up.0.weight' is not finite")));
  bad = good;
  bad.clean_cosines.pop_back();
  EXPECT_THROW(bad.validate(), InvalidArgument);
}

TEST(GradConDetector, ThresholdIsAQuantileOfCleanScores) {
  const GradConDetector detector = detector_of(gradcon_autoencoder(1));
  // 30 scores, errors ascending: of 10 % false alarms the ceil(0.9 * 31) = 28th smallest.
  EXPECT_NEAR(calibrated_threshold(detector, 0.1, 0), 0.27, 1e-6);
  // The cosines' weight can only move scores by their range.
  EXPECT_NEAR(calibrated_threshold(detector, 0.1, 1), 0.27 - 0.5, 0.07);
  EXPECT_THROW(calibrated_threshold(detector, 0.01), InvalidArgument);
}

TEST(GradConScorer, ABatchIsALoopOverItsImages) {
  GradConScorer scorer(detector_of(gradcon_autoencoder(1)));
  std::vector<Image> images;
  for (std::uint64_t i = 0; i < 19; ++i) {
    images.push_back(testing::striped_image(static_cast<int>(i % 2), i));
  }
  const std::vector<GradConScore> together = scorer.score(images);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const GradConScore alone = scorer.score({&images[i], 1}).front();
    EXPECT_EQ(alone.score, together[i].score);
    EXPECT_EQ(alone.cosine, together[i].cosine);
    EXPECT_LE(std::abs(alone.cosine), 1);
  }
  EXPECT_TRUE(scorer.score({}).empty());
  EXPECT_THAT([&] { scorer.score_prepared(std::vector<std::uint8_t>(785)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("785 bytes are no whole number")));
}

TEST(GradConScorer, WithoutAMeanGradientThereIsTheErrorAlone) {
  const AutoencoderSpec spec = gradcon_autoencoder(3);
  const Image image = to_rgb(testing::striped_image(0, 1));
  GradConDetector detector = detector_of(spec);
  GradConScorer scorer(detector, 0.5);
  const GradConScore score = scorer.score({&image, 1}).front();
  EXPECT_DOUBLE_EQ(score.score, score.error - 0.5 * score.cosine);
  for (auto& [name, tensor] : detector.mean_gradients) {
    std::ranges::fill(tensor.values, 0.0F);
  }
  const GradConScore without = GradConScorer(detector).score({&image, 1}).front();
  EXPECT_EQ(without.cosine, 0);
  EXPECT_EQ(without.score, score.error);
}

}  // namespace
}  // namespace gradspace
