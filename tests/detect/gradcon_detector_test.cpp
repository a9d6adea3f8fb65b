#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/file.h"
#include "core/hash.h"
#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/safetensors.h"
#include "gradspace/scorer.h"
#include "support/striped_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Model model_of(const AutoencoderSpec& spec) {
  Model model = initialise(spec, 1);
  const Model other = initialise(spec, 2);
  for (const LayerInfo& layer : layers(spec)) {
    if (layer.name.starts_with("up.")) {
      model.mean_gradients[layer.name + ".weight"] = other.weights.at(layer.name + ".weight");
    }
  }
  model.metadata["training"] = "{}";
  return model;
}

std::vector<std::uint8_t> striped_pixels(std::uint64_t count) {
  std::vector<std::uint8_t> pixels;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Image image = testing::striped_image(static_cast<int>(i % 2), i);
    pixels.insert(pixels.end(), image.pixels().begin(), image.pixels().end());
  }
  return pixels;
}

/// Of a detector file that an earlier gradspace wrote: thirty clean images, errors ascending.
void write_clean_values(Detector& detector) {
  Tensor& errors = detector.weights["calibration.errors"];
  Tensor& cosines = detector.weights["calibration.cosines"];
  errors = cosines = {{30}, {}};
  for (int i = 0; i < 30; ++i) {
    errors.values.push_back(0.01F * static_cast<float>(i));
    cosines.values.push_back(0.5F - 0.01F * static_cast<float>(i % 7));
  }
}

TEST(GradConDetector, ComesBackFromItsFile) {
  const testing::TemporaryFolder folder;
  for (const int latent : {0, 5}) {
    const Model written = model_of(gradcon_autoencoder(1, latent));
    Detector detector;
    write_clean_values(detector);
    write_gradcon(folder / "d", written, detector);
    const Model read = read_model(folder / "d");
    EXPECT_EQ(read.spec, written.spec);
    EXPECT_EQ(read.weights, written.weights);
    EXPECT_EQ(read.metadata, written.metadata);
    EXPECT_EQ(read.mean_gradients, written.mean_gradients);
    const Detector read_back = read_detector(folder / "d");
    EXPECT_EQ(read_back.method, "gradcon");
    EXPECT_EQ(read_back.weights, detector.weights);
    EXPECT_EQ(read_back.model_sha256, sha256_hex_of_file(folder / "d"));
    EXPECT_EQ(read_back.calibration.count(), 30U);
    EXPECT_NEAR(read_back.threshold, 0.29 - 0.12 * 0.49, 1e-6);  // ceil(0.95 * 31) = the 30th
  }
}

TEST(GradConDetector, AModelKeepsItsMeanGradientsWithoutADetectorToo) {
  const testing::TemporaryFolder folder;
  const Model written = model_of(gradcon_autoencoder(1));
  write_model(folder / "model", written);
  EXPECT_EQ(read_model(folder / "model").mean_gradients, written.mean_gradients);
  EXPECT_EQ(read_model(folder / "model").weights, written.weights);
}

TEST(GradConDetector, RefusesDamagedFiles) {
  const testing::TemporaryFolder folder;
  const Model good = model_of(gradcon_autoencoder(1));
  Detector detector;
  write_clean_values(detector);
  write_model(folder / "model", good);
  EXPECT_THROW(read_detector(folder / "model"), FormatError);
  EXPECT_THROW(read_model(folder / "none"), IoError);

  write_gradcon(folder / "d", good, detector);
  std::vector<std::uint8_t> bytes = read_file(folder / "d");
  bytes.resize(bytes.size() - 100);
  write_file(folder / "d", bytes);
  EXPECT_THROW(read_model(folder / "d"), FormatError);
  EXPECT_THROW(read_detector(folder / "d"), FormatError);

  Model bad = good;
  bad.mean_gradients.erase("up.2.weight");
  EXPECT_THAT(
      [&] { write_gradcon(folder / "d", bad, detector); },
      ThrowsMessage<InvalidArgument>(HasSubstr("mean gradient of 'up.2.weight' is missing")));
  bad = good;
  bad.mean_gradients.at("up.2.weight").shape = {64, 32, 16};
  EXPECT_THAT([&] { bad.validate(); }, ThrowsMessage<InvalidArgument>(
                                           HasSubstr("'mean.up.2.weight' has shape [64, 32, 16]")));
  bad = good;
  bad.mean_gradients.at("up.0.weight").values[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT([&] { make_native_backend(bad, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'mean.up.0.weight' holds NaN")));
  bad = good;
  bad.mean_gradients["down.0.weight"] = bad.weights.at("down.0.weight");
  EXPECT_THAT([&] { bad.validate(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("5 mean gradients for 4 decoder layers")));
  EXPECT_THAT([&] { write_gradcon(folder / "d", initialise(good.spec, 1), detector); },
              ThrowsMessage<InvalidArgument>(HasSubstr("has no mean gradients")));

  Detector short_of_one = detector;
  short_of_one.weights.at("calibration.cosines").values.pop_back();
  EXPECT_THROW(write_gradcon(folder / "d", good, short_of_one), InvalidArgument);
  SafeTensors file = parse_safetensors(
      (write_gradcon(folder / "d", good, detector), read_file(folder / "d")), "d");
  file.tensors.at("calibration.cosines") = {{29}, std::vector<float>(29)};
  write_safetensors(folder / "d", "gradcon", file);
  EXPECT_THAT([&] { read_detector(folder / "d"); },
              ThrowsMessage<FormatError>(HasSubstr("errors and cosines are damaged")));
}

TEST(GradConDetector, ThresholdIsAQuantileOfCleanScores) {
  Detector detector;
  write_clean_values(detector);
  // 30 scores, errors ascending: of 10 % false alarms the ceil(0.9 * 31) = 28th smallest.
  EXPECT_NEAR(calibrated_threshold(detector, 0.1, 0), 0.27, 1e-6);
  // The cosines' weight can only move scores by their range.
  EXPECT_NEAR(calibrated_threshold(detector, 0.1, 1), 0.27 - 0.5, 0.07);
  EXPECT_THROW(calibrated_threshold(detector, 0.01), InvalidArgument);
  EXPECT_THROW(calibrated_threshold(Detector{}, 0.1), InvalidArgument);
}

TEST(GradConDetector, OfFewCleanImagesCallsOutWhatScoresOverAllOfThem) {
  const Model model = model_of(gradcon_autoencoder(1));
  for (const std::uint64_t count : {1U, 5U}) {
    const Detector detector = gradcon_detector(model, striped_pixels(count));
    double largest = -std::numeric_limits<double>::infinity();
    for (const GradConScore& clean : clean_scores(detector)) {
      largest = std::max(largest, clean.score);
    }
    EXPECT_NEAR(detector.threshold, largest, 1e-6 * std::abs(largest));
  }
}

TEST(GradConDetector, ABatchIsALoopOverItsImages) {
  const Model model = model_of(gradcon_autoencoder(1));
  const Detector detector = gradcon_detector(model, striped_pixels(20));
  Scorer scorer(model, detector);
  const std::vector<std::uint8_t> pixels = striped_pixels(19);
  const std::vector<ImageScore> together = scorer.score_fitted(pixels);
  const std::vector<GradConScore> observed = gradcon_scores(observe_alignment(model, pixels));
  for (std::size_t i = 0; i < together.size(); ++i) {
    const ImageScore alone = scorer.score(testing::striped_image(static_cast<int>(i % 2), i));
    EXPECT_EQ(alone.score, together[i].score);
    EXPECT_EQ(alone.cosine, together[i].cosine);
    EXPECT_EQ(alone.score, observed[i].score);
    EXPECT_LE(std::abs(alone.cosine), 1);
  }
  EXPECT_TRUE(scorer.score_fitted({}).empty());
  EXPECT_THAT([&] { scorer.score_fitted(std::vector<std::uint8_t>(785)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("785 bytes are no whole number")));
}

TEST(GradConDetector, GradientsAskedForBesideChangeNothing) {
  const Model model = model_of(gradcon_autoencoder(1, 5));
  const std::vector<std::uint8_t> pixels = striped_pixels(9);
  const Observations alone = observe_alignment(model, pixels);
  ObservationNeeds needs;
  needs.alignment = true;
  needs.gradients = true;
  needs.blocks = parse_features("down.6:kld,up.6:bce,up.0:bce", model.spec);
  const auto backend = make_native_backend(model, needs.blocks);
  const Observations together = observe(*backend, needs, model.spec, pixels);
  EXPECT_EQ(together.squared_error, alone.squared_error);
  EXPECT_EQ(together.cosine, alone.cosine);
  needs.alignment = false;
  EXPECT_EQ(observe(*backend, needs, model.spec, pixels).gradients, together.gradients);
}

TEST(GradConDetector, WithZeroMeanGradientsThereIsTheErrorAlone) {
  const AutoencoderSpec spec = gradcon_autoencoder(3);
  const Image image = to_rgb(testing::striped_image(0, 1));
  Model model = model_of(spec);
  const GradConScore score = gradcon_scores(observe_alignment(model, image.pixels()), 0.5).front();
  EXPECT_DOUBLE_EQ(score.score, score.error - 0.5 * score.cosine);
  for (auto& [name, tensor] : model.mean_gradients) {
    std::ranges::fill(tensor.values, 0.0F);
  }
  const GradConScore without = gradcon_scores(observe_alignment(model, image.pixels())).front();
  EXPECT_EQ(without.cosine, 0);
  EXPECT_EQ(without.score, score.error);
}

TEST(GradConDetector, WantsAModelThatWasTrainedForIt) {
  const Model plain = initialise(gradcon_autoencoder(1), 1);
  EXPECT_THAT([&] { observe_alignment(plain, striped_pixels(1)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("train it with --objective gradcon")));
}

/// fit_one_class on observations ends with the detector that the file of a training holds.
TEST(GradConDetector, IsAOneClassMethodLikeAnyOther) {
  const Model model = model_of(gradcon_autoencoder(1));
  const std::vector<std::uint8_t> pixels = striped_pixels(40);
  const Observations train = observe_alignment(model, std::span(pixels).first(4 * 784));
  const Observations validation = observe_alignment(model, pixels);
  OneClassOptions options;
  options.method = "gradcon";
  options.false_alarms = 0.1;
  const Detector fitted = fit_one_class({model.spec, fingerprint(model), train, validation,
                                         [&](std::vector<FeatureBlock> blocks) {
                                           return make_native_backend(model, std::move(blocks));
                                         }},
                                        options);
  const Detector of_the_file = gradcon_detector(model, pixels);
  EXPECT_FLOAT_EQ(static_cast<float>(fitted.threshold),
                  static_cast<float>(calibrated_threshold(of_the_file, 0.1)));
  const auto score = load_score_function(fitted, model.spec);
  EXPECT_EQ(score->score(train), load_score_function(of_the_file, model.spec)->score(train));
}

}  // namespace
}  // namespace gradspace
