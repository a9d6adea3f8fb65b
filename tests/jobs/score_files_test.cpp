#include "gradspace/score_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/image.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

static_assert(!std::is_constructible_v<FileScorer, Model, const Detector&>, "a temporary model");
static_assert(!std::is_constructible_v<FileScorer, const Model&, Detector>, "a temporary detector");
static_assert(!std::is_constructible_v<Borrowed<Model>, Model>, "a temporary");
static_assert(std::is_constructible_v<Borrowed<Model>, const Model&>);

class ScoreFiles : public ::testing::Test {
 protected:
  ScoreFiles() {
    std::filesystem::create_directories(images_);
    Random random(5);
    for (int i = 0; i < 120; ++i) {
      Image image(30, 28, 3);
      for (std::uint8_t& sample : image.pixels()) {
        sample = static_cast<std::uint8_t>(random.below(256));
      }
      write_image(images_ / fmt::format("{:03}.png", i), image);
    }
    OneClassOptions options;
    options.method = "elbo";
    options.false_alarms = 0.2;
    const auto clean = open_source(images_);
    detector_ = fit_to_images(model_, {*clean}, options, 2);
    write_file(images_ / "040.png", std::string_view("no image"));
  }

  std::vector<ScoredImage> score(int threads) const {
    std::vector<ScoredImage> scored;
    FileScorer(model_, detector_, {{}, threads}).score(images_, [&](const ScoredImage& image) {
      scored.push_back(image);
    });
    return scored;
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path images_ = folder_ / "images";
  Model model_ = initialise(AutoencoderSpec{}, 1);
  Detector detector_;
};

TEST_F(ScoreFiles, KeepsTheOrderAndGoesOnAfterWhatFails) {
  const std::vector<ScoredImage> scored = score(0);
  ASSERT_EQ(scored.size(), 120U);
  for (std::size_t i = 0; i < scored.size(); ++i) {
    EXPECT_EQ(scored[i].path, (images_ / fmt::format("{:03}.png", i)).string());
    EXPECT_EQ(scored[i].ok(), i != 40);
  }
  EXPECT_THAT(scored[40].failure, HasSubstr("040.png"));
  Scorer one(model_, detector_);
  EXPECT_EQ(scored[41].score.score, one.score(read_image(images_ / "041.png")).score);
}

TEST_F(ScoreFiles, ScoresDoNotDependOnThreads) {
  const std::vector<ScoredImage> reference = score(1);
  for (const int threads : {2, 5}) {
    const std::vector<ScoredImage> scored = score(threads);
    for (std::size_t i = 0; i < reference.size(); ++i) {
      EXPECT_EQ(scored[i].score.score, reference[i].score.score);
      EXPECT_EQ(scored[i].score.p_value, reference[i].score.p_value);
    }
  }
  EXPECT_THROW(score(-1), InvalidArgument);
}

TEST_F(ScoreFiles, ReadsPathsFromAStream) {
  std::stringstream paths;
  paths << (images_ / "007.png").string() << "\n\nnowhere.png\n" << (images_ / "003.png").string();
  std::vector<ScoredImage> scored;
  FileScorer scorer(model_, detector_);
  EXPECT_TRUE(scorer.score(paths, [&](const ScoredImage& image) { scored.push_back(image); }));
  ASSERT_EQ(scored.size(), 3U);
  EXPECT_TRUE(scored[0].ok());
  EXPECT_THAT(scored[1].failure, HasSubstr("nowhere.png"));
  EXPECT_EQ(scored[2].path, (images_ / "003.png").string());
  EXPECT_TRUE(scored[2].ok());
}

TEST_F(ScoreFiles, ReportsProgressAndStops) {
  std::size_t done = 0;
  JobObserver observer;
  observer.on_progress = [&](std::size_t now, std::size_t total) {
    done = now;
    EXPECT_EQ(total, 120U);
  };
  FileScorer scorer(model_, detector_);
  EXPECT_TRUE(scorer.score(
      images_, [](const ScoredImage&) {}, observer));
  EXPECT_EQ(done, 120U);
  observer.stop_requested = [] { return true; };
  int images = 0;
  EXPECT_FALSE(scorer.score(
      images_, [&](const ScoredImage&) { ++images; }, observer));
  EXPECT_EQ(images, 0);
  EXPECT_THROW(scorer.score(folder_ / "none", [](const ScoredImage&) {}), IoError);
}

}  // namespace
}  // namespace gradspace
