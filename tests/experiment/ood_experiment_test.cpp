#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/research/experiment.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Discs of random colour and place on a noisy ground.
Image ood_picture(std::uint64_t seed) {
  constexpr int kSide = 32;
  Random random(seed);
  Image image(kSide, kSide, 3);
  const double x0 = random.uniform(10, 22);
  const double y0 = random.uniform(10, 22);
  const std::uint64_t colour = random.next();
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const bool inside = (x - x0) * (x - x0) + (y - y0) * (y - y0) < 64;
      for (int c = 0; c < 3; ++c) {
        const double base = inside ? static_cast<double>((colour >> (8 * c)) & 0xFF) : 90;
        image.row(y)[static_cast<std::size_t>(3 * x + c)] =
            static_cast<std::uint8_t>(std::clamp(base + 6 * random.normal(), 0.0, 255.0));
      }
    }
  }
  return image;
}

class OodExperimentRun : public ::testing::Test {
 protected:
  OodExperimentRun() {
    std::uint64_t seed = 0;
    for (const auto& [set, count] :
         std::map<std::string, int>{{"train", 40}, {"val", 12}, {"test", 12}}) {
      fs::create_directories(clean_ / set);
      for (int i = 0; i < count; ++i) {
        write_image(clean_ / set / fmt::format("01_01_00_00_00_00_{:04}.bmp", i),
                    ood_picture(++seed));
      }
    }
    options_.data = folder_ / "tree";
    options_.out = folder_ / "out";
    options_.training.epochs = 2;
    options_.classifier.epochs = 2;
    options_.challenges = {challenge::Type::kNoise, challenge::Type::kRain};
    options_.levels = {1, 5};
  }

  /// The stages that a run goes through, those skipped in brackets.
  std::vector<std::string> run() {
    std::vector<std::string> stages;
    ExperimentObserver observer;
    observer.on_stage = [&](std::string_view stage, bool skipped) {
      stages.push_back(skipped ? fmt::format("({})", stage) : std::string(stage));
    };
    reasons_.clear();
    observer.on_made_anew = [&](std::string_view stage, std::string_view why) {
      reasons_.push_back(fmt::format("{}: {}", stage, why));
    };
    result_ = run_experiment(options_, observer);
    return stages;
  }

  /// Whether a run finds all but its tables there.
  bool finds_all() {
    const std::vector<std::string> stages = run();
    return reasons_.empty() && std::ranges::all_of(stages, [](const std::string& stage) {
             return stage.starts_with('(') || stage == "run 0: evaluate" ||
                    stage == "write results";
           });
  }

  testing::TemporaryFolder folder_;
  fs::path clean_ = folder_ / "tree/RealChallengeFree";
  ExperimentOptions options_;
  ExperimentResult result_;
  std::vector<std::string> reasons_;  ///< for what is made anew
};

TEST_F(OodExperimentRun, LeavesTablesScoresAndPictures) {
  options_.runs = 2;
  run();
  // Four methods, two types, two levels, two runs.
  EXPECT_EQ(result_.results.rows.size(), 32U);
  const Results read = read_results(options_.out / "results.json");
  EXPECT_EQ(read.rows.size(), 32U);
  for (const ResultRow& row : read.rows) {
    EXPECT_EQ(row.metrics.n_in, 12U);
    EXPECT_EQ(row.metrics.n_out, 12U);
  }
  const std::string scores = read_text_file(options_.out / "image_scores.csv");
  // A header; clean val and five test sets of twelve images by four methods and two runs.
  EXPECT_EQ(std::count(scores.begin(), scores.end(), '\n'), 1 + 6 * 12 * 4 * 2);
  const std::string training = read_text_file(options_.out / "training.csv");
  EXPECT_EQ(std::count(training.begin(), training.end(), '\n'), 1 + 2 * 2);
  const Image strip = read_image(options_.out / "samples/09_05_0.png");
  EXPECT_EQ(strip.width(), 4 * 28);
  EXPECT_EQ(strip.height(), 28);
  EXPECT_TRUE(fs::exists(options_.out / "fingerprints.json"));
}

TEST_F(OodExperimentRun, PutsSeveralAutoencodersBesideThePapersRows) {
  run();
  const Results alone = result_.results;
  std::get<OodExperiment>(options_.kind).members = 2;
  options_.out = folder_ / "members";
  const std::vector<std::string> stages = run();
  EXPECT_THAT(stages, ::testing::Contains("run 0: two sides"));
  const std::vector<ResultRow>& rows = result_.results.rows;
  ASSERT_EQ(rows.size(), 32U);  // eight methods, two types, two levels
  for (std::size_t i = 0; i < alone.rows.size(); ++i) {
    EXPECT_EQ(rows[i].method, alone.rows[i].method);
    EXPECT_EQ(rows[i].metrics.auroc, alone.rows[i].metrics.auroc) << "by the first member";
  }
  EXPECT_EQ(rows[16].method, "VAE-R x2");
  EXPECT_EQ(rows[20].method, "VAE-R x2 two-sided");
  EXPECT_EQ(rows[28].method, "proposed x2 two-sided");
  EXPECT_NE(rows[16].metrics.auroc, rows[20].metrics.auroc);
  EXPECT_TRUE(finds_all());
}

TEST_F(OodExperimentRun, KnowsIntervalsOfItsMeans) {
  options_.runs = 2;
  run();
  const Results read = read_results(options_.out / "results.json");
  ASSERT_EQ(read.mean_intervals.size(), 12U);  // four methods; two types and all together
  for (const MeanInterval& mean : read.mean_intervals) {
    EXPECT_LE(mean.auroc.low, mean.auroc.high);
    double sum = 0;
    std::size_t count = 0;
    for (const ResultRow& row : read.rows) {
      if (row.method == mean.method && (!mean.type || row.type == *mean.type)) {
        sum += row.metrics.auroc;
        ++count;
      }
    }
    const double auroc = sum / static_cast<double>(count);
    EXPECT_LE(mean.auroc.low, auroc);
    EXPECT_GE(mean.auroc.high, auroc);
  }
}

TEST_F(OodExperimentRun, TakesWhatIsThereAndRedoesWhatChanged) {
  const std::vector<std::string> first = run();
  EXPECT_THAT(first, ::testing::Contains("run 0: train"));
  const std::string table = results_table(result_.results);

  const std::vector<std::string> second = run();
  EXPECT_THAT(second, ::testing::Contains("(run 0: train)"));
  EXPECT_THAT(second, ::testing::Contains("(run 0: extract 09_05-test)"));
  EXPECT_THAT(second, ::testing::Contains("(run 0: fit)"));
  EXPECT_EQ(results_table(result_.results), table);

  options_.classifier.epochs = 3;
  const std::vector<std::string> third = run();
  EXPECT_THAT(third, ::testing::Contains("(run 0: train)"));
  EXPECT_THAT(third, ::testing::Contains("run 0: fit"));
  EXPECT_THAT(reasons_, ::testing::ElementsAre("run 0: fit: epochs is 2 there, 3 here"));

  write_image(clean_ / "test/01_01_00_00_00_00_0000.bmp", ood_picture(999));
  const std::vector<std::string> fourth = run();
  EXPECT_THAT(fourth, ::testing::Contains("(run 0: extract clean-train)"));
  EXPECT_THAT(fourth, ::testing::Contains("run 0: extract clean-test"));
  EXPECT_THAT(reasons_, ::testing::Contains("run 0: extract clean-test: its images have changed"));

  write_image(clean_ / "train/01_01_00_00_00_00_0000.bmp", ood_picture(998));
  EXPECT_THAT(run(), ::testing::Contains("run 0: train"));
}

TEST_F(OodExperimentRun, MakesChallengesOfAnotherStrengthAnew) {
  run();
  options_.challenge.strength = challenge::Strength::kPixels;
  EXPECT_THAT(run(), ::testing::IsSupersetOf({"(run 0: train)", "(run 0: extract clean-test)",
                                              "run 0: extract 08_01-test"}));
  EXPECT_THAT(reasons_, ::testing::Contains(
                            "run 0: extract 08_01-test: strength is image there, pixels here"));
  EXPECT_THAT(read_results(options_.out / "results.json").options_json,
              HasSubstr("\"strength\":\"pixels\""));
  EXPECT_TRUE(finds_all());
  options_.challenge.strength = challenge::Strength::kImage;
  run();
  EXPECT_THAT(reasons_, ::testing::Contains(
                            "run 0: extract 08_01-test: strength is pixels there, image here"));
}

TEST_F(OodExperimentRun, KnowsImagesByTheirContentWhereverTheyLie) {
  run();
  const auto model = read_file(options_.out / "run-0/model.safetensors");
  for (const auto& entry : fs::recursive_directory_iterator(clean_)) {
    fs::last_write_time(entry, fs::file_time_type::clock::now() + std::chrono::hours(1));
  }
  write_file(clean_ / "train/.DS_Store", std::string_view("x"));
  write_file(clean_ / "train/notes.txt", std::string_view("x"));
  EXPECT_TRUE(finds_all()) << "touched, and with a file beside them";
  fs::copy(folder_ / "tree", folder_ / "copy", fs::copy_options::recursive);
  options_.data = folder_ / "copy";
  EXPECT_TRUE(finds_all()) << "copied";
  fs::remove(options_.out / "inputs.json");
  EXPECT_TRUE(finds_all()) << "without what was known of the files";
  write_file(options_.out / "inputs.json", std::string_view("{\"files\": 1}"));
  EXPECT_TRUE(finds_all()) << "with damaged knowledge of the files";
  EXPECT_EQ(read_file(options_.out / "run-0/model.safetensors"), model);
}

TEST_F(OodExperimentRun, TakesAModelThatIsGiven) {
  run();
  const std::vector<ResultRow> trained = result_.results.rows;
  options_.model = folder_ / "given.safetensors";
  fs::copy_file(options_.out / "run-0/model.safetensors", options_.model);
  options_.out = folder_ / "out-of-given";
  const std::vector<std::string> stages = run();
  EXPECT_THAT(stages, ::testing::Contains("run 0: take model"));
  EXPECT_THAT(stages, ::testing::Not(::testing::Contains("run 0: train")));
  ASSERT_EQ(result_.results.rows.size(), trained.size());
  for (std::size_t i = 0; i < trained.size(); ++i) {
    EXPECT_EQ(result_.results.rows[i].metrics.auroc, trained[i].metrics.auroc);
  }
  EXPECT_EQ(read_file(options_.out / "run-0/model.safetensors"), read_file(options_.model));
  EXPECT_FALSE(fs::exists(options_.out / "training.csv"));
  const std::string record = read_results(options_.out / "results.json").options_json;
  EXPECT_THAT(record, HasSubstr("\"model_sha256\":"));
  EXPECT_THAT(record, HasSubstr("given.safetensors\""));
  EXPECT_THAT(record, ::testing::Not(HasSubstr("\"training\":")));
  EXPECT_TRUE(finds_all());
}

TEST_F(OodExperimentRun, TakesAnotherModelOrTrainsAgainAndSaysWhy) {
  run();
  options_.model = folder_ / "given.safetensors";
  AutoencoderSpec spec;
  spec.latent = 7;
  write_model(options_.model, initialise(spec, 3));
  EXPECT_THAT(run(), ::testing::Contains("run 0: take model"));
  EXPECT_THAT(reasons_, ::testing::Contains("run 0: take model: its autoencoder is another one"));
  EXPECT_THAT(reasons_, ::testing::Contains("run 0: extract clean-train: its autoencoder is "
                                            "another one"));
  EXPECT_THAT(read_results(options_.out / "results.json").options_json, HasSubstr("\"latent\":7"));
  EXPECT_FALSE(fs::exists(options_.out / "training.csv")) << "of the one that was trained";
  options_.model.clear();
  run();
  EXPECT_THAT(reasons_, ::testing::Contains("run 0: train: it was given, not trained"));
  EXPECT_TRUE(fs::exists(options_.out / "training.csv"));
}

TEST_F(OodExperimentRun, RefusesAModelThatDoesNotFit) {
  options_.model = folder_ / "none.safetensors";
  EXPECT_THAT([this] { run(); }, ThrowsMessage<IoError>(HasSubstr("none.safetensors")));
  AutoencoderSpec spec;
  spec.latent = 0;
  write_model(options_.model, initialise(spec, 3));
  EXPECT_THAT([this] { run(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("need a model with a bottleneck")));
  EXPECT_FALSE(fs::exists(options_.out));
}

TEST_F(OodExperimentRun, KnowsImagesBehindLinksOfFolders) {
  fs::create_directory(folder_ / "elsewhere");
  const fs::path moved = folder_ / "elsewhere/01_01_00_00_00_00_0003.bmp";
  fs::rename(clean_ / "train/01_01_00_00_00_00_0003.bmp", moved);
  fs::create_directory_symlink(folder_ / "elsewhere", clean_ / "train/linked");
  fs::create_directory_symlink(".", clean_ / "train/loop");
  fs::create_symlink("round", clean_ / "train/round");
  run();
  EXPECT_TRUE(finds_all());
  // Of the same size, and as old as before.
  const auto time = fs::last_write_time(moved);
  write_image(moved, ood_picture(997));
  fs::last_write_time(moved, time);
  EXPECT_THAT(run(), ::testing::Contains("run 0: train"));
  EXPECT_THAT(reasons_,
              ::testing::Contains("run 0: train: the images of the clean train set have changed"));
}

TEST_F(OodExperimentRun, RefusesWhatIsDamagedInItsFolder) {
  run();
  const fs::path model = options_.out / "run-0/model.safetensors";
  std::vector<std::uint8_t> bytes = read_file(model);
  bytes[bytes.size() / 2] ^= 1;
  write_file(model, bytes);
  EXPECT_THAT([this] { run(); }, ThrowsMessage<FormatError>(HasSubstr("is damaged: its checksum")));
}

TEST_F(OodExperimentRun, NamesTheTypesThatTheTreeHas) {
  for (const char* set : {"07_01/train", "07_01/val", "08_01/test", "08_05/test", "09_01/test"}) {
    fs::create_directories(folder_ / "tree/RealChallenge" / set);
  }
  EXPECT_THAT([this] { run(); },
              ThrowsMessage<InvalidArgument>(
                  (folder_ / "tree").string() +
                  ": no folder RealChallenge/09_05/test (--challenges 8 tests against the types "
                  "that are there)"));
  options_.challenges = {};
  EXPECT_THAT([this] { run(); },
              ThrowsMessage<InvalidArgument>(
                  HasSubstr("no folder RealChallenge/01_01/test and 8 more (--challenges 8 ")));
  EXPECT_FALSE(fs::exists(options_.out));
}

TEST_F(OodExperimentRun, StopsOnRequestAndGoesOnToTheSameResults) {
  run();
  const std::string uninterrupted = read_text_file(options_.out / "results.csv");
  options_.out = folder_ / "stopped";
  int stages = 0;
  ExperimentObserver observer;
  observer.on_stage = [&](std::string_view, bool) { ++stages; };
  observer.stop_requested = [&] { return stages >= 4; };
  EXPECT_TRUE(run_experiment(options_, observer).stopped);
  EXPECT_FALSE(fs::exists(options_.out / "results.csv"));
  // What a kill leaves that comes when a set stands in its place and its lock is not given back yet.
  const fs::path lock = options_.out / "run-0/features/.gradspace.tmp-0123456789abcdef";
  std::ofstream{lock};
  EXPECT_THAT(run(), ::testing::Contains("(run 0: train)"));
  EXPECT_EQ(read_text_file(options_.out / "results.csv"), uninterrupted);
  EXPECT_FALSE(fs::exists(lock));
}

TEST_F(OodExperimentRun, NamesTheSetsThatAreMissing) {
  fs::create_directories(folder_ / "tree/RealChallenge/09_01/test");
  EXPECT_THAT([this] { run(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("RealChallenge/07_01/train")));
  options_.make_challenges = true;
  EXPECT_NO_THROW(run());
}

TEST_F(OodExperimentRun, SaysWhichFolderCannotBeMade) {
  write_file(folder_ / "file", "no folder");
  options_.out = folder_ / "file/out";
  EXPECT_THAT([this] { run(); },
              ThrowsMessage<IoError>(HasSubstr("file/out: can't make the folder")));
}

TEST_F(OodExperimentRun, RefusesOptionsThatMakeNoSense) {
  options_.levels = {6};
  EXPECT_THROW(run(), InvalidArgument);
  options_.levels = {1};
  options_.gradient_backend.name = "magic";
  EXPECT_THROW(run(), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
