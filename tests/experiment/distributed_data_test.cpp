// Experiments on CURE-TSR as it is distributed: Real_Train and Real_Test, names of five fields.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "challenge/pictures.h"
#include "core/file.h"
#include "experiment/experiment_data.h"
#include "gradspace/error.h"
#include "gradspace/research/experiment.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class DistributedData : public ::testing::Test {
 protected:
  DistributedData() {
    write("Real_Train/ChallengeFree", 0, 0, 50);
    write("Real_Test/ChallengeFree", 0, 0, 12);
    options_.data = folder_ / "CURE-TSR";
    options_.out = folder_ / "out";
    options_.training.epochs = 1;
    options_.classifier.epochs = 1;
    options_.challenges = {challenge::Type::kRain};
    options_.levels = {5};
  }

  void write(const std::string& folder, int type, int level, int count) const {
    fs::create_directories(folder_ / "CURE-TSR" / folder);
    for (int i = 0; i < count; ++i) {
      write_image(folder_ / "CURE-TSR" / folder /
                      fmt::format("01_02_{:02}_{:02}_{:04}.bmp", type, level, i + 1),
                  testing::scene(30, 28, 3, static_cast<std::uint64_t>(i)));
    }
  }

  testing::TemporaryFolder folder_;
  ExperimentOptions options_;
};

TEST_F(DistributedData, HasTheSetsOfAnExperiment) {
  const ExperimentData data(options_, {});
  EXPECT_TRUE(data.makes_challenges());
  EXPECT_EQ(data.open({"train"})->size(), 40U);
  EXPECT_EQ(data.open({"test"})->size(), 12U);
  const auto validation = data.open({"val"});
  ASSERT_EQ(validation->size(), 10U);
  EXPECT_EQ(validation->info(0).path, "Real_Train/ChallengeFree/01_02_00_00_0009.bmp");
  EXPECT_NE(data.identity({"train"}), data.identity({"val"}));
}

TEST_F(DistributedData, MakesInMemoryWhatTheCommandWouldMake) {
  const ExperimentData data(options_, {});
  const auto rain = data.open({"test", 9, 5});
  const std::string key = "Real_Test/ChallengeFree/01_02_00_00_0001.bmp";
  EXPECT_EQ(rain->load(0), challenge::apply(testing::scene(30, 28, 3, 0), challenge::Type::kRain, 5,
                                            challenge::image_seed(0, challenge::Type::kRain, key)));
}

TEST_F(DistributedData, ReadsItsChallengesWhereItHasThem) {
  write("Real_Train/GaussianBlur-1", 7, 1, 50);
  write("Real_Test/Rain-5", 9, 5, 12);
  const std::vector<SetName> needed = {{"train", 7, 1}, {"val", 7, 1}};
  const ExperimentData data(options_, needed);
  EXPECT_FALSE(data.makes_challenges());
  EXPECT_EQ(data.open({"train", 7, 1})->size(), 40U);
  EXPECT_EQ(data.open({"val", 7, 1})->size(), 10U);
  EXPECT_EQ(data.open({"test", 9, 5})->info(0).path, "Real_Test/Rain-5/01_02_09_05_0001.bmp");
  options_.levels = {4, 5};
  EXPECT_THAT([&] { ExperimentData(options_, needed); },
              ThrowsMessage<InvalidArgument>(
                  HasSubstr("CURE-TSR: no images of 09_04-test (--make-challenges makes")));
}

TEST_F(DistributedData, SaysWhichSetsAreMissing) {
  fs::remove_all(folder_ / "CURE-TSR/Real_Test");
  EXPECT_THAT([&] { ExperimentData(options_, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("CURE-TSR: no images of clean-test")));
  fs::remove_all(folder_ / "CURE-TSR/Real_Train");
  EXPECT_THAT(
      [&] { ExperimentData(options_, {}); },
      ThrowsMessage<InvalidArgument>(HasSubstr(
          "no folder RealChallengeFree/train, RealChallengeFree/val, RealChallengeFree/test")));
}

TEST_F(DistributedData, GoesThroughAnExperiment) {
  const ExperimentResult result = run_experiment(options_);
  EXPECT_EQ(result.results.rows.size(), 4U);
  for (const ResultRow& row : result.results.rows) {
    EXPECT_EQ(row.metrics.n_in, 12U);
    EXPECT_EQ(row.metrics.n_out, 12U);
  }
  EXPECT_THAT(read_text_file(options_.out / "image_scores.csv"),
              HasSubstr("\nReal_Train/ChallengeFree/01_02_00_00_0009.bmp,val,0,0,"));
}

}  // namespace
}  // namespace gradspace
