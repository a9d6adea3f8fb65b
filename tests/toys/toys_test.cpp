// Each toy is a file here and a line in CMakeLists.txt; the library finds it as it finds its own.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/one_class.h"
#include "gradspace/opinion_database.h"
#include "gradspace/quality.h"
#include "gradspace/research/experiment.h"
#include "gradspace/source.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr auto kNegative = static_cast<challenge::Type>(13);

Image grey(int side, std::uint8_t value) {
  Image image(side, side, 3);
  for (std::uint8_t& pixel : image.pixels()) {
    pixel = value;
  }
  return image;
}

/// Light and grainy, each another.
Image light_image(std::uint64_t seed) {
  constexpr int kSide = 28;
  Random random(seed);
  Image image(kSide, kSide, 3);
  for (std::uint8_t& pixel : image.pixels()) {
    pixel = static_cast<std::uint8_t>(180 + random.below(40));
  }
  return image;
}

TEST(Toys, AChallengeIsFoundByNameAndNumber) {
  EXPECT_EQ(challenge::parse_type("negative"), kNegative);
  EXPECT_EQ(challenge::parse_type("13"), kNegative);
  EXPECT_EQ(challenge::all_types().size(), 13U);
  EXPECT_EQ(challenge::apply(grey(8, 200), kNegative, 1, 0).pixels()[0], 55);
  EXPECT_THAT([] { challenge::parse_type("rust"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("is not one of 13 negative, 01 decolor")));
}

TEST(Toys, ADetectorAndAnEntryAreJudgedInAnExperiment) {
  EXPECT_TRUE(is_one_class_method("toy-detector"));
  EXPECT_TRUE(is_one_class_method("toy-detector-typicality"));
  const testing::TemporaryFolder folder;
  const auto clean = folder / "tree/RealChallengeFree";
  std::uint64_t seed = 0;
  for (const char* set : {"train", "val", "test"}) {
    std::filesystem::create_directories(clean / set);
    for (int i = 0; i < 110; ++i) {
      write_image(clean / set / fmt::format("01_01_00_00_00_00_{:04}.bmp", i), light_image(++seed));
    }
  }
  ExperimentOptions options;
  options.kind = OneClassExperiment{
      .methods = {"toy-detector", "toy-entry", "leave-group-out", "image-pseudo-holdout"},
      .false_alarms = 0.1};
  options.data = folder / "tree";
  options.out = folder / "out";
  options.training.epochs = 1;
  options.classifier.epochs = 1;
  options.challenges = {kNegative};
  options.levels = {1};
  const Results results = run_experiment(options).results;
  ASSERT_EQ(results.rows.size(), 4U) << "controls judge a new challenge too";
  EXPECT_EQ(results.rows[0].method, "toy-detector");
  EXPECT_EQ(results.rows[0].type, 13);
  EXPECT_EQ(results.rows[0].metrics.auroc, 1) << "a negative is darker than any clean image";
  EXPECT_EQ(results.rows[1].method, "toy-entry");
  EXPECT_EQ(results.rows[1].metrics.accuracy, 1);
}

TEST(Toys, AMetricIsMadeByName) {
  const auto metric = make_quality_metric("toy-metric");
  const auto reference = metric->prepare(std::make_shared<QualityImage>(grey(32, 7)));
  EXPECT_EQ(reference->score(QualityImage(grey(32, 7))), 1);
  EXPECT_EQ(reference->score(QualityImage(grey(32, 8))), 0);
}

TEST(Toys, ADatabaseIsOpenedByName) {
  const testing::TemporaryFolder folder;
  write_file(folder / "good.png", "");
  write_file(folder / "BAD.PNG", "");
  const OpinionDatabase database = open_opinion_database("toy-database", folder.path());
  ASSERT_EQ(database.pairs.size(), 1U);
  EXPECT_EQ(database.pairs[0].opinion, 2.5);
  EXPECT_THAT(database.missing, ::testing::ElementsAre("lost.png"));
}

TEST(Toys, ASourceIsRecognisedAndNamed) {
  const testing::TemporaryFolder folder;
  write_file(folder / "three.toy", "abc");
  EXPECT_EQ(open_source(folder / "three.toy")->size(), 3U);
  EXPECT_EQ(open_source(folder / "three.toy")->load(1).pixels()[0], 'b');
  EXPECT_EQ(open_source(folder / "three.toy", parse_source_kind("toy-source"))->size(), 3U);
}

}  // namespace
}  // namespace gradspace
