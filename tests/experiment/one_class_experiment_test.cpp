#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <variant>

#include "core/file.h"
#include "core/random.h"
#include "detect/one_class/pseudo_outliers.h"
#include "gradspace/detector.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/research/experiment.h"
#include "gradspace/scorer.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

/// A bright square somewhere on a shaded ground.
Image picture(std::uint64_t seed) {
  constexpr int kSide = 30;
  Random random(seed);
  Image image(kSide, kSide, 3);
  const auto left = static_cast<int>(random.below(15));
  const auto top = static_cast<int>(random.below(15));
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const bool inside = x >= left && x < left + 12 && y >= top && y < top + 12;
      for (int c = 0; c < 3; ++c) {
        const double value = (inside ? 190 - 40 * c : 60 + 2 * y) + 4 * random.normal();
        image.row(y)[static_cast<std::size_t>(3 * x + c)] =
            static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
      }
    }
  }
  return image;
}

class OneClassExperimentRun : public ::testing::Test {
 protected:
  OneClassExperimentRun() {
    options_.kind = OneClassExperiment();
    std::uint64_t seed = 0;
    for (const auto& [set, count] :
         std::map<std::string, int>{{"train", 110}, {"val", 30}, {"test", 15}}) {
      fs::create_directories(clean_ / set);
      for (int i = 0; i < count; ++i) {
        write_image(clean_ / set / fmt::format("01_01_00_00_00_00_{:04}.bmp", i), picture(++seed));
      }
    }
    options_.data = folder_ / "tree";
    options_.out = folder_ / "out";
    options_.training.epochs = 1;
    options_.classifier.epochs = 2;
    options_.challenges = {challenge::Type::kNoise, challenge::Type::kRain};
    options_.levels = {5};
    one_class().false_alarms = 0.1;
    one_class().gradcon_epochs = 1;
    one_class().methods = {"elbo", "image-statistics", "image-statistics-typicality",
                           "leave-group-out", "gradcon"};
  }

  /// The stages that a run goes through, those skipped in brackets.
  std::vector<std::string> run() {
    std::vector<std::string> stages;
    ExperimentObserver observer;
    observer.on_stage = [&](std::string_view stage, bool skipped) {
      stages.push_back(skipped ? fmt::format("({})", stage) : std::string(stage));
    };
    result_ = run_experiment(options_, observer);
    return stages;
  }

  testing::TemporaryFolder folder_;
  fs::path clean_ = folder_ / "tree/RealChallengeFree";
  OneClassExperiment& one_class() { return std::get<OneClassExperiment>(options_.kind); }

  ExperimentOptions options_;
  ExperimentResult result_;
};

TEST_F(OneClassExperimentRun, JudgesEveryMethodOnEveryCondition) {
  options_.runs = 2;
  run();
  const Results read = read_results(options_.out / "results.json");
  EXPECT_EQ(read.rows.size(), 5U * 2U * 2U) << "methods, types, runs";
  for (const ResultRow& row : read.rows) {
    EXPECT_EQ(row.metrics.n_in, 15U);
    EXPECT_EQ(row.metrics.n_out, 15U);
    ASSERT_TRUE(row.auroc_interval);
    EXPECT_LE(row.auroc_interval->low, row.metrics.auroc);
    EXPECT_GE(row.auroc_interval->high, row.metrics.auroc);
    if (row.method == "image-statistics" && row.type == 8) {
      EXPECT_GT(row.metrics.auroc, 0.95) << "heavy noise is plain to see";
    }
  }
  const std::string scores = read_text_file(options_.out / "image_scores.csv");
  // A header; 30 val, 15 clean and 2 x 15 challenged images by five methods and two runs.
  EXPECT_EQ(std::count(scores.begin(), scores.end(), '\n'), 1 + 75 * 5 * 2);
  EXPECT_TRUE(fs::exists(options_.out / "run-1/detector-image-statistics.safetensors"));
  EXPECT_TRUE(fs::exists(options_.out / "samples/08_05_0.png"));
  EXPECT_TRUE(fs::exists(options_.out / "training.csv"));
}

TEST_F(OneClassExperimentRun, ContinuesAfterAStopAndEndsAlike) {
  int asked = 0;
  ExperimentObserver observer;
  observer.stop_requested = [&] { return ++asked > 12; };
  EXPECT_TRUE(run_experiment(options_, observer).stopped);
  run();
  const std::string continued = read_text_file(options_.out / "results.csv");
  const auto stages = run();
  EXPECT_THAT(stages, Contains("(run 0: fit)"));
  EXPECT_THAT(stages, Contains("(run 0: score 09_05-test)"));
  EXPECT_EQ(read_text_file(options_.out / "results.csv"), continued);
  options_.out = folder_ / "anew";
  run();
  EXPECT_EQ(read_text_file(options_.out / "results.csv"), continued);
  options_.challenge.post_production = true;
  EXPECT_THAT(run(), Contains("run 0: score 09_05-test")) << "other images: nothing to take over";
}

// A row of several autoencoders is what `score` says with the model and detector that the run leaves behind.
TEST_F(OneClassExperimentRun, SeveralAutoencodersHaveRowsOfTheirOwn) {
  one_class().methods = {"elbo", "image-statistics", "gradient-neighbour"};
  one_class().members = 2;
  run();
  std::vector<std::string> methods;
  for (const ResultRow& row : result_.results.rows) {
    methods.push_back(row.method);
  }
  EXPECT_THAT(methods, ElementsAre("elbo", "elbo", "elbo x2", "elbo x2", "image-statistics",
                                   "image-statistics", "gradient-neighbour", "gradient-neighbour",
                                   "gradient-neighbour x2", "gradient-neighbour x2"));
  const Model model = read_model(options_.out / "run-0/model.safetensors");
  ASSERT_EQ(model.members(), 2U);
  const std::string scores = read_text_file(options_.out / "image_scores.csv");
  const Image image = read_image(clean_ / "test/01_01_00_00_00_00_0004.bmp");
  for (const char* method : {"elbo", "elbo x2", "gradient-neighbour", "gradient-neighbour x2"}) {
    const Detector detector =
        read_detector(options_.out / fmt::format("run-0/detector-{}.safetensors", method));
    EXPECT_EQ(detector.members, std::string_view(method).ends_with("x2") ? 2U : 1U);
    const ImageScore score = Scorer(model, detector).score(image);
    EXPECT_THAT(scores, HasSubstr(fmt::format("0004.bmp,test,0,0,{},0,{},", method, score.score)));
  }
  EXPECT_THAT(run(), Contains("(run 0: fit members)"));
}

TEST_F(OneClassExperimentRun, LeavesOutTestImagesThatCannotBeRead) {
  one_class().methods = {"elbo"};
  write_file(clean_ / "test/01_01_00_00_00_00_0004.bmp", std::string("no picture"));
  run();
  for (const ResultRow& row : result_.results.rows) {
    EXPECT_EQ(row.metrics.n_in, 14U);
    EXPECT_EQ(row.metrics.n_out, 14U);
  }
  const std::string scores = read_text_file(options_.out / "image_scores.csv");
  EXPECT_THAT(scores, Not(HasSubstr("_0004.bmp,test")));
  EXPECT_THAT(scores, HasSubstr("_0014.bmp,test"));
}

TEST_F(OneClassExperimentRun, TakesAModelThatIsGiven) {
  one_class().methods = {"elbo", "leave-group-out"};
  run();
  const std::string trained = read_text_file(options_.out / "results.csv");
  options_.model = folder_ / "given.safetensors";
  fs::copy_file(options_.out / "run-0/model.safetensors", options_.model);
  options_.out = folder_ / "out-of-given";
  EXPECT_THAT(run(), Contains("run 0: take model"));
  EXPECT_EQ(read_text_file(options_.out / "results.csv"), trained);
}

TEST_F(OneClassExperimentRun, LeavesTheChallengesGroupOutOfTheTraining) {
  one_class().methods = {"leave-group-out"};
  run();
  const Detector weather =
      read_detector(options_.out / "run-0/detector-leave-group-out-2.safetensors");
  EXPECT_THAT(weather.metadata.at("options"), HasSubstr("[1,2,3,4,5,6,7,8,10]"));
}

TEST_F(OneClassExperimentRun, LeavesSimilarDistortionsOutOfTheTraining) {
  one_class().methods = {"image-pseudo-holdout"};
  run();
  // The sixth of the different lists of similar distortions is that of noise.
  const Detector noise =
      read_detector(options_.out / "run-0/detector-image-pseudo-holdout-5.safetensors");
  EXPECT_THAT(noise.metadata.at("options"), AllOf(HasSubstr("tone"), Not(HasSubstr("noise"))));
  const Results results = read_results(options_.out / "results.json");
  EXPECT_EQ(results.kind, ResultsKind::kOneClass);
  EXPECT_EQ(results.rows.size(), 2U) << "a row a type, whichever detector judges it";
}

TEST(Challenges, NameTheDistortionsSimilarToThemAsTheDetectorsDo) {
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    std::istringstream list{std::string(info.similar_distortions)};
    for (std::string word; std::getline(list, word, ',');) {
      EXPECT_EQ(parse_distortions(std::vector{word}).size(), 1U) << info.name;
    }
  }
}

TEST_F(OneClassExperimentRun, TakesTheNamesThatMethodsHadBefore) {
  options_.challenges = {challenge::Type::kNoise};
  one_class().methods = {"stand-ins", "image-pseudo-kinless"};
  run();
  const Results results = read_results(options_.out / "results.json");
  ASSERT_EQ(results.rows.size(), 2U);
  EXPECT_EQ(results.rows[0].method, "leave-group-out");
  EXPECT_EQ(results.rows[1].method, "image-pseudo-holdout");
}

TEST_F(OneClassExperimentRun, CallsTheObserverOneAtATimeAndKeepsToItsThreads) {
  one_class().methods = {"elbo", "image-statistics", "leave-group-out"};
  options_.threads = 1;
  std::atomic<int> inside{0};
  std::atomic<int> calls{0};
  std::set<std::thread::id> threads;
  const auto call = [&] {
    EXPECT_EQ(++inside, 1) << "two calls at the same time";
    threads.insert(std::this_thread::get_id());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // time for another to come in
    ++calls;
    --inside;
  };
  ExperimentObserver observer;
  observer.on_stage = [&](std::string_view, bool) { call(); };
  observer.on_progress = [&](std::size_t, std::size_t, std::string_view, std::string_view) {
    call();
  };
  observer.stop_requested = [&] {
    call();
    return false;
  };
  EXPECT_FALSE(run_experiment(options_, observer).stopped);
  EXPECT_GT(calls, 10);
  EXPECT_EQ(threads.size(), 1U) << "one thread was asked for";
  options_.out = folder_ / "many-threads";
  options_.threads = 0;
  EXPECT_FALSE(run_experiment(options_, observer).stopped);
}

TEST_F(OneClassExperimentRun, RefusesWhatCannotWork) {
  one_class().methods = {"magic"};
  EXPECT_THROW(run(), InvalidArgument);
  one_class().methods = {"elbo"};
  one_class().false_alarms = 0.001;
  EXPECT_THAT([&] { run(); },
              ThrowsMessage<InvalidArgument>(
                  HasSubstr("tree: 30 clean val images; a rate of false alarms of 0.001 takes at "
                            "least 999 (--false-alarms 0.033 can be had with these)")));
  EXPECT_FALSE(fs::exists(options_.out)) << "before anything is trained";
  one_class().false_alarms = 0.033;
  EXPECT_NO_THROW(run());
}

}  // namespace
}  // namespace gradspace
