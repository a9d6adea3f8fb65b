// The one-class experiment on photographs that are judged by their tiles.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/photograph.h"
#include "gradspace/research/experiment.h"
#include "support/scenes.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr Tiling kTiling{16, 16, 16, 16};

class PhotographExperiment : public ::testing::Test {
 protected:
  PhotographExperiment() {
    std::uint64_t scene = 0;
    for (const auto& [set, count] :
         std::map<std::string, int>{{"train", 40}, {"val", 4}, {"test", 6}}) {
      fs::create_directories(clean_ / set);
      for (int i = 0; i < count; ++i) {
        write_image(clean_ / set / fmt::format("{:02}.png", i),
                    testing::photograph_of_scene(64, 48, ++scene));
      }
    }
    OneClassExperiment one_class;
    one_class.tiles = kTiling;
    one_class.tiles_per_image = 4;
    one_class.false_alarms = 0.2;
    one_class.methods = {"photograph-image", "elbo", "image-statistics"};
    options_.kind = one_class;
    options_.data = folder_ / "tree";
    options_.out = folder_ / "out";
    options_.spec = autoencoder_for(16, 16);
    options_.training.epochs = 1;
    options_.challenges = {challenge::Type::kNoise};
    options_.levels = {5};
    options_.challenge.strength = challenge::Strength::kPixels;
  }

  /// Runs the experiment; returns its stages, those skipped in brackets.
  std::vector<std::string> run() {
    std::vector<std::string> stages;
    ExperimentObserver observer;
    observer.on_stage = [&](std::string_view stage, bool skipped) {
      stages.push_back(skipped ? fmt::format("({})", stage) : std::string(stage));
    };
    observer.on_failure = [&](std::string_view reason) { failures_.emplace_back(reason); };
    observer.on_remark = [&](std::string_view line) { remarks_.emplace_back(line); };
    result_ = run_experiment(options_, observer);
    return stages;
  }

  OneClassExperiment& one_class() { return std::get<OneClassExperiment>(options_.kind); }

  testing::TemporaryFolder folder_;
  fs::path clean_ = folder_ / "tree/RealChallengeFree";
  ExperimentOptions options_;
  ExperimentResult result_;
  std::vector<std::string> failures_;
  std::vector<std::string> remarks_;
};

TEST_F(PhotographExperiment, JudgesPhotographsByTheirTiles) {
  run();
  ASSERT_EQ(result_.results.rows.size(), 3U);
  for (const ResultRow& row : result_.results.rows) {
    EXPECT_EQ(row.metrics.n_in, 6U);
    EXPECT_EQ(row.metrics.n_out, 6U);
    if (row.method != "elbo") {
      EXPECT_GT(row.metrics.auroc, 0.9) << row.method << ": heavy noise is plain to see";
    }
  }
  // The detectors that are left behind are those of photographs, and score a photograph as the experiment did.
  const Model model = read_model(options_.out / "run-0/model.safetensors");
  const Detector detector = read_detector(options_.out / "run-0/detector-elbo.safetensors");
  EXPECT_EQ(tiling_of(detector), kTiling);
  PhotographScorer scorer(&model, detector);
  const PhotographScore score = scorer.score(read_image(clean_ / "test/03.png"));
  const std::string scores = read_text_file(options_.out / "image_scores.csv");
  EXPECT_THAT(scores, HasSubstr(fmt::format("03.png,test,0,0,elbo,0,{}", score.score.score)));
  EXPECT_EQ(std::count(scores.begin(), scores.end(), '\n'), 1 + (4 + 6 + 6) * 3);
  const Image strip = read_image(options_.out / "samples/08_05_0.png");
  EXPECT_LT(strip.width(), 64 * 4) << "of the tile in the middle";
  const auto record = nlohmann::json::parse(result_.results.options_json);
  EXPECT_EQ(record["tiles"]["size"], (std::vector<int>{16, 16}));
  EXPECT_EQ(record["strength"], "pixels");
}

TEST_F(PhotographExperiment, ContinuesAndTakesWhatIsThere) {
  one_class().methods = {"elbo"};
  ExperimentObserver stopping;
  int photographs = 0;
  stopping.on_progress = [&](std::size_t, std::size_t, std::string_view unit, std::string_view) {
    photographs += unit == "photographs" ? 1 : 0;
  };
  stopping.stop_requested = [&] { return photographs > 30; };
  EXPECT_TRUE(run_experiment(options_, stopping).stopped);
  EXPECT_THAT(run(), Contains("(run 0: train)"));
  const std::string results = read_text_file(options_.out / "results.csv");
  for (const std::string& stage : run()) {
    EXPECT_TRUE(stage.starts_with("(") || stage == "write results") << stage;
  }
  EXPECT_EQ(read_text_file(options_.out / "results.csv"), results);
  one_class().tiles->stride_x = 8;
  const auto stages = run();
  EXPECT_THAT(stages, Contains("(run 0: train)")) << "tiles to train on are drawn, not of a grid";
  EXPECT_THAT(stages, Contains("run 0: fit elbo"));
  EXPECT_THAT(stages, Contains("run 0: score 08_05-test"));
}

TEST_F(PhotographExperiment, LeavesOutWhatCannotBeJudgedAndSaysSoOnce) {
  one_class().methods = {"elbo", "image-statistics"};
  write_file(clean_ / "train/07.png", std::string("no picture"));
  write_file(clean_ / "test/02.png", std::string("no picture"));
  write_image(clean_ / "test/04.png", testing::photograph_of_scene(15, 40, 1));
  run();
  EXPECT_THAT(result_.results.rows,
              Each(::testing::Truly([](const ResultRow& row) { return row.metrics.n_in == 4; })));
  std::ranges::sort(failures_);
  EXPECT_EQ(std::ranges::count_if(failures_,
                                  [](const std::string& reason) {
                                    return reason.find("test/02.png") != std::string::npos;
                                  }),
            1);
  EXPECT_TRUE(std::ranges::unique(failures_).empty());
  EXPECT_THAT(failures_, Contains(HasSubstr("train/07.png")));
  EXPECT_THAT(failures_, Contains(HasSubstr("04.png")));
}

TEST_F(PhotographExperiment, RefusesWhatDoesNotFitBeforeItTrains) {
  const auto refused = [&](const std::string& reason) {
    EXPECT_THAT([&] { run(); }, ThrowsMessage<InvalidArgument>(HasSubstr(reason)));
    EXPECT_FALSE(fs::exists(options_.out / "run-0"));
  };
  one_class().false_alarms = 0.1;
  refused("a rate of false alarms of 0.1 takes at least 9 clean images, there are 8");
  one_class().false_alarms = 0.2;
  one_class().methods = {"gradcon"};
  refused("for tiles of 16x16, method");
  one_class().methods = {"elbo"};
  one_class().tiles = Tiling{32, 32, 32, 32};
  refused("tiles of 32x32 pixels, but the model takes 16x16");
}

TEST_F(PhotographExperiment, TakesAModelThatIsGivenAndRemarksOnTooFewScenes) {
  for (int i = 0; i < 40; ++i) {
    write_image(clean_ / "train" / fmt::format("{:02}.png", i),
                testing::photograph_of_scene(64, 48, 1));
  }
  one_class().methods = {"elbo", "image-statistics"};
  options_.model = folder_ / "given.safetensors";
  write_model(options_.model, join_members({initialise(autoencoder_for(16, 16), 3),
                                            initialise(autoencoder_for(16, 16), 4)}));
  EXPECT_THAT(run(), Contains("run 0: take model"));
  EXPECT_EQ(result_.results.rows.size(), 2U) << "by both members, no row for one of them";
  const Detector detector = read_detector(options_.out / "run-0/detector-elbo.safetensors");
  EXPECT_EQ(detector.members, 2U);
  EXPECT_EQ(std::ranges::count_if(remarks_,
                                  [](const std::string& line) {
                                    return line.starts_with("40 photographs seem to be of 1 scene");
                                  }),
            1)
      << "once, though two methods are fitted";
}

}  // namespace
}  // namespace gradspace
