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
    for (int i = 0; i < 120; ++i) {
      write_noise(images_ / fmt::format("{:03}.png", i), static_cast<std::uint64_t>(i));
    }
    OneClassOptions options;
    options.method = "elbo";
    options.false_alarms = 0.2;
    const auto clean = open_source(images_);
    detector_ = fit_to_images(model_, {*clean}, options, 2);
    write_file(images_ / "040.png", std::string_view("no image"));
  }

  static void write_noise(const std::filesystem::path& path, std::uint64_t seed) {
    Random random(seed);
    Image image(30, 28, 3);
    for (std::uint8_t& sample : image.pixels()) {
      sample = static_cast<std::uint8_t>(random.below(256));
    }
    write_image(path, image);
  }

  /// One that every method can be used with.
  static Model small_gradcon_model() {
    AutoencoderSpec spec;
    spec.input = {3, 16, 16};
    spec.down = {{3}, {4}};
    spec.latent = 4;
    spec.up = {{3, 4, 2, 2}, {3, 4, 2, 1}};
    Model model = initialise(spec, 1);
    for (const LayerInfo& layer : layers(spec)) {
      if (layer.name.starts_with("up.")) {
        model.mean_gradients[layer.name + ".weight"] = model.weights.at(layer.name + ".weight");
      }
    }
    return model;
  }

  /// The paper's classifier is scored by `ScoreFunction`s like the others; its file comes from feature sets.
  std::vector<Detector> detectors_of_all_methods(const Model& model) const {
    std::filesystem::create_directories(folder_ / "clean");
    for (int i = 0; i < 150; ++i) {
      write_noise(folder_ / fmt::format("clean/{:03}.png", i), static_cast<std::uint64_t>(i));
    }
    const auto clean = open_source(folder_ / "clean");
    std::vector<Detector> detectors;
    for (const OneClassMethodInfo& method : one_class_methods()) {
      OneClassOptions options;
      options.method = method.name;
      options.false_alarms = 0.2;
      detectors.push_back(fit_to_images(model, {*clean}, options, 2));
    }
    return detectors;
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

/// Of every method: runs of unreadable images that are longer than what a thread takes at a time, at both
/// ends of the list, and streams that begin with one, end with one, or have nothing else at hand.
TEST_F(ScoreFiles, NoMethodLosesAScoreToImagesThatCantBeRead) {
  const auto is_bad = [](std::size_t i) { return i < 3 || (i >= 20 && i < 95) || i == 119; };
  const Model model = small_gradcon_model();
  const std::vector<Detector> detectors = detectors_of_all_methods(model);
  std::string all;
  for (std::size_t i = 0; i < 120; ++i) {
    const std::filesystem::path path = images_ / fmt::format("{:03}.png", i);
    all += path.string() + '\n';
    if (is_bad(i)) {
      write_file(path, std::string_view("no image"));
    }
  }
  for (const Detector& detector : detectors) {
    SCOPED_TRACE(detector.method);
    FileScorer scorer(model, detector, {{}, 2});
    std::vector<ScoredImage> scored;
    const auto keep = [&](const ScoredImage& image) { scored.push_back(image); };
    EXPECT_TRUE(scorer.score(images_, keep));
    std::istringstream list(all);
    EXPECT_TRUE(scorer.score(list, keep));
    ASSERT_EQ(scored.size(), 240U);
    for (std::size_t i = 0; i < scored.size(); ++i) {
      EXPECT_EQ(scored[i].ok(), !is_bad(i % 120)) << i;
      EXPECT_EQ(scored[i].score.score, scored[i % 120].score.score);
      if (is_bad(i % 120)) {
        EXPECT_THAT(scored[i].failure, HasSubstr(fmt::format("{:03}.png", i % 120)));
      }
    }
    std::istringstream bad("nowhere.png\n");
    EXPECT_TRUE(scorer.score(bad, keep));
    EXPECT_THAT(scored.back().failure, HasSubstr("nowhere.png"));
  }
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
  int asked = 0;
  observer.stop_requested = [&] { return ++asked > 60; };
  std::vector<std::string> paths;
  EXPECT_FALSE(
      FileScorer(model_, detector_, {{}, 1})
          .score(
              images_, [&](const ScoredImage& image) { paths.push_back(image.path); }, observer));
  EXPECT_LT(paths.size(), 61U);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    EXPECT_EQ(paths[i], (images_ / fmt::format("{:03}.png", i)).string());
  }
  observer.stop_requested = [] { return true; };
  int images = 0;
  EXPECT_FALSE(scorer.score(
      images_, [&](const ScoredImage&) { ++images; }, observer));
  EXPECT_EQ(images, 0);
  EXPECT_THROW(scorer.score(folder_ / "none", [](const ScoredImage&) {}), IoError);
}

}  // namespace
}  // namespace gradspace
