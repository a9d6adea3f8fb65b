#include "gradspace/decoder_training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/random.h"
#include "decoder/training_patches.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

/// A picture with edges and texture.
Image picture(int width, int height, std::uint64_t seed) {
  Random random(seed);
  const double fx = random.uniform(0.02, 0.3);
  const double fy = random.uniform(0.02, 0.3);
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double wave = std::sin(fx * x + fy * y) > 0 ? 170 : 60;
      for (int c = 0; c < 3; ++c) {
        image.row(y)[static_cast<std::size_t>(3 * x + c)] =
            static_cast<std::uint8_t>(wave + 15 * c + random.uniform(0, 30));
      }
    }
  }
  return image;
}

class DecoderTraining : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i) {
      write_image(folder_ / name_of(i), picture(96 + 32 * i, 80, static_cast<std::uint64_t>(i)));
    }
    options_.patches = 1000;
    options_.iterations = 6;
  }

  static std::string name_of(int i) { return "photo" + std::to_string(i) + ".png"; }

  DecoderTrainingResult train(const DecoderTrainingOptions& options,
                              const DecoderTrainingObserver& observer = {}) const {
    return train_decoder(*open_source(folder_.path()), options, observer);
  }

  testing::TemporaryFolder folder_;
  DecoderTrainingOptions options_;
};

TEST_F(DecoderTraining, LowersTheLossAndSaysHow) {
  std::vector<double> losses;
  DecoderTrainingObserver observer;
  observer.on_iteration = [&](int iteration, int iterations, const DecoderLossValue& loss) {
    EXPECT_EQ(iterations, 6);
    EXPECT_EQ(static_cast<std::size_t>(iteration), losses.size() + 1);
    losses.push_back(loss.total());
  };
  const DecoderTrainingResult result = train(options_, observer);
  ASSERT_EQ(losses.size(), 6U);
  EXPECT_TRUE(std::is_sorted(losses.rbegin(), losses.rend()));
  EXPECT_EQ(result.loss.total(), losses.back());
  EXPECT_FALSE(result.stopped);
  EXPECT_NO_THROW(result.decoder.validate());
  const auto training = nlohmann::json::parse(result.decoder.metadata.at("training"));
  EXPECT_EQ(training["iterations"], 6);
  EXPECT_EQ(training["photographs"],
            (std::vector<std::string>{"photo0.png", "photo1.png", "photo2.png"}));
  EXPECT_EQ(train(options_).decoder, result.decoder);
}

TEST_F(DecoderTraining, ContinuesAfterAStopToTheSameDecoder) {
  const LinearDecoder whole = train(options_).decoder;
  const testing::TemporaryFolder work;
  options_.checkpoint = work / "checkpoint";
  options_.resume = true;
  int done = 0;
  DecoderTrainingObserver observer;
  observer.on_iteration = [&](int iteration, int, const DecoderLossValue&) { done = iteration; };
  observer.stop_requested = [&] { return done == 3; };
  const DecoderTrainingResult stopped = train(options_, observer);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.iterations, 3);
  ASSERT_TRUE(std::filesystem::exists(options_.checkpoint));

  DecoderTrainingOptions others = options_;
  others.seed = 9;
  EXPECT_THROW(train(others), InvalidArgument);
  EXPECT_EQ(train(options_).decoder, whole);

  std::vector<std::uint8_t> bytes = read_file(options_.checkpoint);
  bytes[bytes.size() / 2] ^= 1;
  write_file(options_.checkpoint, bytes);
  EXPECT_THROW(train(options_), FormatError);
}

TEST_F(DecoderTraining, LeavesOutWhatItCannotUse) {
  write_file(folder_ / "broken.jpg", std::string_view("\xFF\xD8\xFF\xE0 no more"));
  write_image(folder_ / "tiny.png", Image(9, 200, 3));
  const auto source = open_source(folder_.path());
  const quality::TrainingPatches drawn = quality::draw_training_patches(*source, 1000, 0, 1);
  EXPECT_EQ(drawn.failures.size(), 2U);
  EXPECT_EQ(drawn.photographs.size(), 3U);
  EXPECT_EQ(drawn.patches.count, 1000U);
  EXPECT_THROW(quality::draw_training_patches(*source, 4, 0, 1), InvalidArgument);
}

TEST_F(DecoderTraining, PatchesAreWindowsOfTheHalvedPicture) {
  const testing::TemporaryFolder single;
  const Image image = picture(16, 16, 5);  // when halved there is but one window
  write_image(single / "one.png", image);
  const quality::TrainingPatches drawn =
      quality::draw_training_patches(*open_source(single.path()), 3, 0, 1);
  const quality::Patches expected = quality::image_patches(image);
  ASSERT_EQ(drawn.patches.count, 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::ranges::equal(drawn.patches.patch(i), expected.patch(0)));
  }
}

TEST_F(DecoderTraining, WhiteningLeavesNoMeanAndNoLargeVariance) {
  quality::Patches patches =
      quality::draw_training_patches(*open_source(folder_.path()), 2000, 0, 1).patches;
  quality::whiten_together(patches);
  for (std::size_t i = 0; i < quality::kPatchSize; ++i) {
    double sum = 0;
    double squares = 0;
    for (std::size_t n = 0; n < patches.count; ++n) {
      const auto value = static_cast<double>(patches.patch(n)[i]);
      sum += value;
      squares += value * value;
    }
    EXPECT_NEAR(sum / 2000, 0, 1e-4);
    EXPECT_LT(squares / 2000, 1);  // every eigenvalue l became l / (l + 0.1)
  }
}

TEST(DecoderTrainingOptions, AreChecked) {
  DecoderTrainingOptions options;
  EXPECT_NO_THROW(options.validate());
  options.rho = 1;
  EXPECT_THROW(options.validate(), InvalidArgument);
  options = {};
  options.patches = 10;
  EXPECT_THROW(options.validate(), InvalidArgument);
  options = {};
  options.resume = true;
  EXPECT_THROW(options.validate(), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
