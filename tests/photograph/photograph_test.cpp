#include "gradspace/photograph.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/metrics.h"
#include "gradspace/npy.h"
#include "gradspace/score_files.h"
#include "photograph/describer.h"
#include "photograph/tile_map.h"
#include "support/scenes.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::photograph_of_scene;
using ::testing::ThrowsMessage;

constexpr Tiling kTiling{16, 16, 16, 16};

Model small_model() {
  return initialise(autoencoder_for(16, 16), 3);
}

/// Twelve scenes of five views, in a folder; fitted once.
class Photographs : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new Shared;
    for (int scene = 0; scene < 12; ++scene) {
      for (int view = 0; view < 5; ++view) {
        write_image(shared_->folder / fmt::format("scene{:02}_{}.png", scene, view),
                    photograph_of_scene(96, 80, static_cast<std::uint64_t>(scene), 6 * view));
      }
    }
    for (const char* method : {"photograph", "photograph-gradients", "photograph-image"}) {
      shared_->detectors[method] = fitted(method);
    }
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }

  static PhotographOptions options_of(const std::string& method) {
    PhotographOptions options;
    options.method = method;
    options.tiling = kTiling;
    options.false_alarms = 0.1;
    return options;
  }

  static Detector fitted(const std::string& method, int threads = 0) {
    const auto source = open_source(shared_->folder.path());
    const bool needs_model = method != "photograph-image";
    return fit_photographs(needs_model ? &shared_->model : nullptr, *source, options_of(method),
                           threads);
  }

  static const Model* model_for(const std::string& method) {
    return method == "photograph-image" ? nullptr : &shared_->model;
  }

  struct Shared {
    testing::TemporaryFolder folder;
    Model model = small_model();
    std::map<std::string, Detector> detectors;
  };
  static Shared* shared_;
};

Photographs::Shared* Photographs::shared_ = nullptr;

Image darkened(Image image) {
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(sample * 0.3);
  }
  return image;
}

TEST_F(Photographs, TellDamagedNewScenesFromCleanOnes) {
  for (const auto& [method, detector] : shared_->detectors) {
    PhotographScorer scorer(model_for(method), detector);
    std::vector<double> clean;
    std::vector<double> dark;
    for (std::uint64_t scene = 100; scene < 130; ++scene) {
      const Image photograph = photograph_of_scene(96, 80, scene);
      clean.push_back(scorer.score(photograph).score.score);
      dark.push_back(scorer.score(darkened(photograph)).score.score);
    }
    EXPECT_GT(detection_metrics(clean, dark, 0).auroc, 0.9) << method;
  }
}

TEST_F(Photographs, ScoreAlikeWhateverTheThreadsAndTheViewOfPixels) {
  for (const auto& [method, detector] : shared_->detectors) {
    const Detector again = fitted(method, 1);
    EXPECT_EQ(again.weights, detector.weights) << method;
    EXPECT_EQ(again.threshold, detector.threshold) << method;
    PhotographScorer scorer(model_for(method), detector);
    Image photograph = photograph_of_scene(90, 75, 55);
    const PhotographScore score = scorer.score(photograph);
    EXPECT_EQ(score.columns, 5);
    EXPECT_EQ(score.rows, 4);
    EXPECT_EQ(score.tile_scores.size(), 20U);
    for (std::size_t i = 0; i < photograph.pixels().size(); i += 3) {
      std::swap(photograph.pixels()[i], photograph.pixels()[i + 2]);
    }
    const PhotographScore swapped =
        scorer.score({photograph.pixels(), 90, 75, 3, 270, ChannelOrder::kBgr});
    EXPECT_EQ(swapped.score.score, score.score.score) << method;
    EXPECT_EQ(swapped.tile_scores, score.tile_scores) << method;
  }
}

TEST_F(Photographs, ScoreATileAlikeWhereverItStands) {
  for (const auto& [method, detector] : shared_->detectors) {
    PhotographScorer scorer(model_for(method), detector);
    const Image photograph = photograph_of_scene(16 * 9 + 5, 16 * 7, 56);
    const PhotographScore whole = scorer.score(photograph);
    ASSERT_EQ(whole.columns, 9);
    const PhotographScore part = scorer.score(part_of(photograph, {32, 16}, 16 * 7, 16 * 5 + 3));
    ASSERT_EQ(part.columns, 7);
    ASSERT_EQ(part.rows, 5);
    for (std::size_t row = 0; row < 5; ++row) {
      for (std::size_t column = 0; column < 7; ++column) {
        EXPECT_EQ(part.tile_scores[row * 7 + column], whole.tile_scores[(row + 1) * 9 + column + 2])
            << method << ": " << row << ", " << column;
      }
    }
  }
}

TEST_F(Photographs, PointToTheTilesThatAreSoiled) {
  PhotographScorer scorer(&shared_->model, shared_->detectors["photograph"]);
  double soiled = 0;
  double others = 0;
  for (std::uint64_t scene = 200; scene < 220; ++scene) {
    Image photograph = photograph_of_scene(96, 80, scene);
    for (int y = 16; y < 48; ++y) {  // tiles (1, 1) to (2, 2)
      for (std::size_t x = 3 * 16; x < 3 * 48; ++x) {
        photograph.row(y)[x] = static_cast<std::uint8_t>(70 + 0.1 * photograph.row(y)[x]);
      }
    }
    const PhotographScore score = scorer.score(photograph);
    for (int row = 0; row < score.rows; ++row) {
      for (int column = 0; column < score.columns; ++column) {
        const bool inside = row >= 1 && row <= 2 && column >= 1 && column <= 2;
        const double tile =
            score.tile_scores[static_cast<std::size_t>(row * score.columns + column)];
        (inside ? soiled : others) += tile / (20 * (inside ? 4 : score.rows * score.columns - 4));
      }
    }
  }
  EXPECT_GT(soiled, others + 0.5);
}

TEST_F(Photographs, ComeBackFromTheirFile) {
  const testing::TemporaryFolder folder;
  for (const auto& [method, detector] : shared_->detectors) {
    write_detector(folder / "d.safetensors", detector);
    const Detector read = read_detector(folder / "d.safetensors");
    EXPECT_EQ(tiling_of(read), kTiling);
    const Image photograph = photograph_of_scene(96, 80, 77);
    EXPECT_EQ(PhotographScorer(model_for(method), read).score(photograph).score.score,
              PhotographScorer(model_for(method), detector).score(photograph).score.score);
  }
}

TEST_F(Photographs, RefuseWhatDoesNotFit) {
  const Detector& detector = shared_->detectors["photograph"];
  EXPECT_THAT([&] { PhotographScorer(nullptr, detector); },
              ThrowsMessage<InvalidArgument>(HasSubstr("wants a model")));
  const Model other = initialise(autoencoder_for(16, 16), 4);
  EXPECT_THAT([&] { PhotographScorer(&other, detector); },
              ThrowsMessage<InvalidArgument>(HasSubstr("another model")));
  // Networks of another number of inputs, as a file from outside may have them.
  Detector crossed = detector;
  for (const auto& [name, tensor] : shared_->detectors["photograph-gradients"].weights) {
    if (name.starts_with("photograph.tiles.")) {
      crossed.weights[name] = tensor;
    }
  }
  EXPECT_THAT([&] { PhotographScorer(&shared_->model, crossed); },
              ThrowsMessage<InvalidArgument>(HasSubstr("other numbers")));
  for (const auto& [name, tensor] : detector.weights) {
    if (name.ends_with("calibration.ranks")) {
      continue;  // 1, 2, ... where they are missing
    }
    Detector without = detector;
    without.weights.erase(name);
    EXPECT_ANY_THROW(
        PhotographScorer(&shared_->model, without).score(photograph_of_scene(96, 80, 1)))
        << name;
  }
  PhotographScorer scorer(&shared_->model, detector);
  EXPECT_THAT(
      [&] { scorer.score(Image(15, 80, 3), "small.png"); },
      ThrowsMessage<InvalidArgument>(HasSubstr("small.png: 15x80 pixels are smaller than a tile")));
}

TEST_F(Photographs, RefuseGridsThatMemoryCannotHold) {
  Detector dense = shared_->detectors["photograph-image"];
  dense.metadata["tiles"] = R"({"size": [16, 16], "stride": [1, 1], "per_image": null})";
  PhotographScorer scorer(nullptr, dense);
  EXPECT_EQ(scorer.score(photograph_of_scene(96, 80, 1)).columns, 81);
  EXPECT_THAT([&] { scorer.score(Image(1000, 1000, 3), "large.png"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("large.png: a grid of 970225 tiles")));
  dense.metadata["tiles"] = R"({"size": [60000, 60000], "stride": [1, 1]})";
  EXPECT_THROW(PhotographScorer(nullptr, dense), InvalidArgument);
  dense.metadata["tiles"] = R"({"size": [16]})";
  EXPECT_THROW(PhotographScorer(nullptr, dense), InvalidArgument);
}

TEST_F(Photographs, FitSaysWhatItCannotPromise) {
  const auto source = open_source(shared_->folder.path());
  std::vector<std::string> remarks;
  JobObserver observer;
  observer.on_remark = [&](std::string_view line) { remarks.emplace_back(line); };
  PhotographOptions options = options_of("photograph-image");
  options.false_alarms = 0.05;
  options.hold_out = HoldOut::kRandom;
  fit_photographs(nullptr, *source, options, 0, observer);
  EXPECT_THAT(remarks, ::testing::Contains(HasSubstr("of 12 scenes: too few")));
  options.false_alarms = 0.001;
  EXPECT_THROW(fit_photographs(nullptr, *source, options), InvalidArgument) << "60 photographs";
  options.false_alarms = 0.1;
  options.hold_out = HoldOut::kFolders;
  EXPECT_THAT([&] { fit_photographs(nullptr, *source, options); },
              ThrowsMessage<InvalidArgument>(HasSubstr("all photographs are in one folder")));
  options = options_of("photograph");
  EXPECT_THROW(fit_photographs(nullptr, *source, options), InvalidArgument) << "no model";
  options.tiling.width = 28;
  EXPECT_THROW(fit_photographs(&shared_->model, *source, options), InvalidArgument);
}

TEST_F(Photographs, LeaveOutWhatCannotBeRead) {
  const testing::TemporaryFolder folder;
  for (const auto& entry : fs::directory_iterator(shared_->folder.path())) {
    fs::copy(entry.path(), folder.path());
  }
  write_file(folder / "scene03_0.png", std::string_view("no image"));
  write_image(folder / "scene04_0.png", Image(12, 12, 3));
  std::vector<std::string> failures;
  JobObserver observer;
  observer.on_failure = [&](std::string_view line) { failures.emplace_back(line); };
  const auto source = open_source(folder.path());
  const Detector detector =
      fit_photographs(nullptr, *source, options_of("photograph-image"), 0, observer);
  EXPECT_EQ(failures.size(), 2U);
  EXPECT_EQ(detector.calibration.count(), 58U);
}

TEST_F(Photographs, AreScoredFromFilesWithMaps) {
  const testing::TemporaryFolder folder;
  const Detector& detector = shared_->detectors["photograph"];
  ScoreFilesOptions options;
  options.maps = folder / "maps";
  FileScorer scorer(shared_->model, detector, options);
  std::vector<ScoredImage> scored;
  scorer.score(shared_->folder.path(), [&](const ScoredImage& image) { scored.push_back(image); });
  ASSERT_EQ(scored.size(), 60U);
  PhotographScorer alone(&shared_->model, detector);
  const Image photograph = read_image(scored[7].path);
  const PhotographScore score = alone.score(photograph);
  EXPECT_EQ(scored[7].score.score, score.score.score);
  const fs::path map = options.maps / fs::path(scored[7].path).relative_path();
  const Tensor tiles = read_npy(map.string() + ".npy");
  EXPECT_EQ(tiles.shape, (std::vector<std::int64_t>{5, 6}));
  EXPECT_EQ(tiles.values, score.tile_scores);
  const auto record = nlohmann::json::parse(read_text_file(map.string() + ".json"));
  EXPECT_EQ(record["tile_p_values"].size(), 30U);
  EXPECT_EQ(record["score"].get<double>(), score.score.score);
  const Image picture = read_image(map.string() + ".png");
  EXPECT_EQ(picture, draw_tile_map(photograph, score, kTiling));
  EXPECT_EQ(picture.width(), 96);
  EXPECT_THAT([&] { FileScorer(shared_->model, detector, options); },
              ThrowsMessage<InvalidArgument>(HasSubstr("not an empty folder")));
  options = {};
  options.backend.name = "torch";
  EXPECT_THROW(FileScorer(shared_->model, detector, options), InvalidArgument);
}

TEST(PhotographsByMembers, AreToldByEachOfThem) {
  const Model first = small_model();
  const Model second = initialise(autoencoder_for(16, 16), 4);
  const Image photograph = photograph_of_scene(64, 48, 5);
  const auto told_by = [&](const Model& model) {
    return PhotographDescriber(&model, {true, false}, kTiling).describe(photograph, "it");
  };
  const PhotographNumbers both = told_by(join_members({first, second}));
  const PhotographNumbers by_first = told_by(first);
  const PhotographNumbers by_second = told_by(second);
  std::vector<float> joined = by_first.gradients;
  joined.insert(joined.end(), by_second.gradients.begin(), by_second.gradients.end());
  EXPECT_EQ(both.gradients, joined);
  ASSERT_EQ(both.tile_columns, 2 * by_first.tile_columns);
  const std::size_t columns = by_first.tile_columns;
  EXPECT_EQ(both.tiles[2 * columns], by_first.tiles[columns]) << "the second tile";
  EXPECT_EQ(both.tiles[3 * columns], by_second.tiles[columns]);
  EXPECT_FLOAT_EQ(both.bce, (by_first.bce + by_second.bce) / 2);
}

TEST(TileMap, IsHotWhereTilesAreImprobable) {
  const Image grey(32, 16, 1);
  PhotographScore score;
  score.columns = 2;
  score.rows = 1;
  score.tile_scores = {0, 5};
  score.tile_p_values = {1, 0.001F};
  const Image map = draw_tile_map(grey, score, kTiling);
  EXPECT_EQ(map.row(8)[3 * 8], 0) << "nothing over a clean tile of a black picture";
  EXPECT_GT(map.row(8)[3 * 24], 150);
  EXPECT_EQ(map.height(), 16 + 14);
}

}  // namespace
}  // namespace gradspace
