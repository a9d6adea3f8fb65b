#include "photograph/tile_quantiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/metrics.h"
#include "support/scenes.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using testing::photograph_of_scene;
using ::testing::ThrowsMessage;

constexpr Tiling kSmallTiles{16, 16, 16, 16};

/// Photographs of `count` tiles each, whose scores are normal around a middle of the photograph's own.
std::vector<std::vector<double>> clean_scores(std::size_t photographs, std::size_t count) {
  Random random(5);
  std::vector<std::vector<double>> scores(photographs);
  for (std::vector<double>& tiles : scores) {
    const double middle = 0.3 * random.normal();
    for (std::size_t k = 0; k < count; ++k) {
      tiles.push_back(middle + random.normal());
    }
  }
  return scores;
}

TEST(TileMixture, IsOfMeanZeroOverCleanPhotographsAndGrowsWithTheirTiles) {
  const auto clean = clean_scores(100, 50);
  const TileMixture mixture = TileMixture::fit(clean, "a method");
  double sum = 0;
  for (const std::vector<double>& tiles : clean) {
    const double total = mixture(tiles);
    sum += total;
    std::vector<double> higher = tiles;
    for (double& score : higher) {
      score += 0.5;
    }
    EXPECT_GT(mixture(higher), total);
    // What is in a tenth of the tiles alone moves the high quantile.
    std::vector<double> soiled = tiles;
    for (std::size_t k = 0; k < 5; ++k) {
      soiled[k] = 6;
    }
    EXPECT_GT(mixture(soiled), total);
  }
  EXPECT_NEAR(sum / 100, 0, 1e-6);
}

TEST(TileMixture, DoesNotDependOnTheScaleThatAMethodScoresOn) {
  // Normal scores are of ranks: a monotonic change of the method's scores, with whatever tails, is none of a
  // photograph's.
  auto scores = clean_scores(100, 41);
  const TileMixture plain = TileMixture::fit(scores, "a method");
  const std::vector<double> one = scores[3];
  const double before = plain(one);
  for (std::vector<double>& tiles : scores) {
    std::ranges::transform(tiles, tiles.begin(), [](double score) { return std::exp(4 * score); });
  }
  EXPECT_NEAR(TileMixture::fit(scores, "a method")(scores[3]), before, 0.03);
}

TEST(TileMixture, ComesBackFromTensorsAndRefusesWhatDoesNotFit) {
  const auto clean = clean_scores(30, 20);
  const TileMixture mixture = TileMixture::fit(clean, "a method");
  TensorMap tensors;
  mixture.store(tensors);
  EXPECT_NEAR(TileMixture::load(tensors)(clean[7]), mixture(clean[7]), 1e-5);
  TensorMap flat = tensors;
  flat.at("photograph.scales").values[1] = 0;
  EXPECT_THROW(TileMixture::load(flat), InvalidArgument);
  for (const auto& [name, tensor] : tensors) {
    TensorMap without = tensors;
    without.erase(name);
    EXPECT_THROW(TileMixture::load(without), InvalidArgument) << name;
  }
  const std::vector<std::vector<double>> equal(30, std::vector<double>(20, 1.0));
  EXPECT_THAT([&] { TileMixture::fit(equal, "a method"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("a method")));
}

/// Twenty scenes of three views, in a folder.
class TiledOneClass : public ::testing::Test {
 protected:
  TiledOneClass() {
    for (int scene = 0; scene < 20; ++scene) {
      for (int view = 0; view < 3; ++view) {
        write_image(folder_ / fmt::format("scene{:02}_{}.png", scene, view),
                    photograph_of_scene(96, 80, static_cast<std::uint64_t>(scene), 6 * view));
      }
    }
  }

  Detector fitted(const std::string& method, int threads = 0) const {
    PhotographOptions options;
    options.method = method;
    options.tiling = kSmallTiles;
    options.false_alarms = 0.1;
    return fit_photographs(&model_, *open_source(folder_.path()), options, threads);
  }

  testing::TemporaryFolder folder_;
  Model model_ = initialise(autoencoder_for(16, 16), 3);
};

TEST_F(TiledOneClass, JudgesPhotographsByTheirTiles) {
  for (const char* method : {"spectral-fisher", "image-statistics"}) {
    SCOPED_TRACE(method);
    const Detector detector = fitted(method);
    EXPECT_EQ(detector.model_sha256.empty(), method == std::string("image-statistics"));
    EXPECT_EQ(detector.calibration.count(), 12U)
        << "two tenths of sixty, photographs and not tiles";
    write_detector(folder_ / "d.safetensors", detector);
    const Detector read = read_detector(folder_ / "d.safetensors");
    EXPECT_EQ(tiling_of(read), kSmallTiles);
    PhotographScorer scorer(&model_, read);
    // The tiles' scores are those of the one-class method on the tiles as images.
    Detector of_tiles = read;
    of_tiles.weights.clear();
    for (const auto& [name, tensor] : read.weights) {
      constexpr std::string_view kPrefix = "photograph.one_class.";
      if (name.starts_with(kPrefix)) {
        of_tiles.weights[name.substr(kPrefix.size())] = tensor;
      }
    }
    of_tiles.metadata.erase("tiles");
    Scorer alone = of_tiles.model_sha256.empty() ? Scorer(of_tiles) : Scorer(model_, of_tiles);
    std::vector<double> clean;
    std::vector<double> noisy;
    Random random(9);
    for (std::uint64_t scene = 100; scene < 120; ++scene) {
      Image photograph = photograph_of_scene(96, 80, scene);
      const PhotographScore score = scorer.score(photograph);
      ASSERT_EQ(score.tile_scores.size(), 30U);
      const double tile = alone.score(part_of(photograph, {16, 32}, 16, 16)).score;
      EXPECT_NEAR(score.tile_scores[2 * 6 + 1], tile, 1e-4 * (1 + std::abs(tile)));
      clean.push_back(score.score.score);
      for (std::uint8_t& sample : photograph.pixels()) {
        sample = static_cast<std::uint8_t>(std::clamp(sample + 25 * random.normal(), 0.0, 255.0));
      }
      noisy.push_back(scorer.score(photograph).score.score);
    }
    EXPECT_GT(detection_metrics(clean, noisy, 0).auroc, 0.95);
    EXPECT_THAT([&] { load_score_function(read, model_.spec); },
                ThrowsMessage<InvalidArgument>(HasSubstr("judges photographs")));
  }
}

TEST_F(TiledOneClass, OfSeveralAutoencodersIsTheirMeanOnEachTile) {
  const Model first = model_;
  const Model second = initialise(autoencoder_for(16, 16), 4);
  const Image photograph = photograph_of_scene(96, 80, 100);
  const auto tiles_by = [&](const Model& model) {
    model_ = model;
    return PhotographScorer(&model_, fitted("elbo")).score(photograph).tile_scores;
  };
  const std::vector<float> both = tiles_by(join_members({first, second}));
  const std::vector<float> by_first = tiles_by(first);
  const std::vector<float> by_second = tiles_by(second);
  for (std::size_t i = 0; i < both.size(); ++i) {
    EXPECT_NEAR(both[i], (by_first[i] + by_second[i]) / 2, 1e-3 * std::abs(both[i]));
  }
}

TEST_F(TiledOneClass, IsTheSameWhateverTheThreads) {
  const Detector one = fitted("image-statistics", 1);
  const Detector all = fitted("image-statistics");
  EXPECT_EQ(one.weights, all.weights);
  EXPECT_EQ(one.threshold, all.threshold);
}

TEST_F(TiledOneClass, RefusesWhatDoesNotFit) {
  const Detector detector = fitted("spectral-fisher");
  EXPECT_THAT([&] { PhotographScorer(nullptr, detector); },
              ThrowsMessage<InvalidArgument>(HasSubstr("wants a model")));
  for (const auto& [name, tensor] : detector.weights) {
    if (name.ends_with("calibration.ranks")) {
      continue;  // 1, 2, ... where they are missing
    }
    Detector without = detector;
    without.weights.erase(name);
    EXPECT_THROW(PhotographScorer(&model_, without), InvalidArgument) << name;
  }
  Detector other_tiles = fitted("image-statistics");
  other_tiles.metadata["tiles"] = R"({"size": [12, 12], "stride": [12, 12]})";
  EXPECT_THAT([&] { PhotographScorer(nullptr, other_tiles); },
              ThrowsMessage<InvalidArgument>(HasSubstr("cuts tiles of 12x12 pixels")));
  PhotographOptions options;
  options.method = "image-statistics";
  options.tiling = kSmallTiles;
  options.false_alarms = 0.01;
  const auto source = open_source(folder_.path());
  EXPECT_THROW(fit_photographs(nullptr, *source, options), InvalidArgument) << "12 held out";
  options.method = "photograph-image";
  options.distortions = {"noise"};
  EXPECT_THROW(options.validate(), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
