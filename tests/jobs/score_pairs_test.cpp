#include "gradspace/score_pairs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include <atomic>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

class ScorePairs : public ::testing::Test {
 protected:
  ScorePairs() {
    Random random(3);
    for (int i = 0; i < 40; ++i) {
      Image image(32, 32, 3);
      for (std::uint8_t& sample : image.pixels()) {
        sample = static_cast<std::uint8_t>(random.below(256));
      }
      write_image(folder_ / fmt::format("{}.png", i), image);
      pairs_.push_back({fmt::format("{}.png", i / 10), fmt::format("{}.png", i)});
    }
    write_file(folder_ / "2.png", std::string_view("no image"));
    write_file(folder_ / "15.png", std::string_view("no image"));
    options_.root = folder_.path();
  }

  std::vector<PairScore> score(int threads, bool in_order) {
    options_.threads = threads;
    options_.in_order = in_order;
    order_.clear();
    std::vector<PairScore> scores(pairs_.size());
    std::atomic<int> inside = 0;
    EXPECT_TRUE(score_pairs(
        metrics_, pairs_,
        [&](std::size_t pair, const PairScore& score) {
          EXPECT_EQ(inside++, 0) << "one call at a time";
          if (threads > 0) {
            EXPECT_EQ(tbb::this_task_arena::max_concurrency(), threads);
          }
          order_.push_back(pair);
          scores[pair] = score;
          --inside;
        },
        options_));
    return scores;
  }

  testing::TemporaryFolder folder_;
  std::vector<ImagePair> pairs_;
  std::vector<std::string> names_{"psnr", "ssim"};
  QualityMetrics metrics_ = make_quality_metrics(names_);
  ScorePairsOptions options_;
  std::vector<std::size_t> order_;
};

TEST_F(ScorePairs, KeepsTheOrderAndGoesOnAfterWhatFails) {
  const std::vector<PairScore> scores = score(3, true);
  ASSERT_EQ(order_.size(), pairs_.size());
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    EXPECT_EQ(order_[i], i);
    const bool reference_failed = i / 10 == 2;
    EXPECT_EQ(scores[i].reference_failed, reference_failed) << i;
    EXPECT_EQ(scores[i].ok(), !reference_failed && i != 2 && i != 15) << i;
    EXPECT_EQ(scores[i].scores.size(), scores[i].ok() ? 2U : 0U);
  }
  EXPECT_THAT(scores[15].failure, HasSubstr("15.png"));
}

TEST_F(ScorePairs, ScoresDoNotDependOnThreadsOrOrder) {
  const std::vector<PairScore> reference = score(1, true);
  std::vector<std::size_t> all = order_;
  for (const int threads : {2, 4}) {
    const std::vector<PairScore> scores = score(threads, threads == 2);
    EXPECT_THAT(order_, UnorderedElementsAreArray(all));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_EQ(scores[i].scores, reference[i].scores);
      EXPECT_EQ(scores[i].failure, reference[i].failure);
    }
  }
}

TEST_F(ScorePairs, AMetricThatRefusesAPairLeavesTheOthersTheirs) {
  write_image(folder_ / "flat.png", Image(32, 32, 3));
  write_image(folder_ / "tiny.png", Image(10, 10, 3));
  names_ = {"gradient", "psnr", "unique", "ssim"};
  metrics_ = make_quality_metrics(names_);
  pairs_ = {{"1.png", "flat.png"},
            {"1.png", "5.png"},
            {"tiny.png", "tiny.png"},
            {"flat.png", "1.png"},
            {"1.png", "tiny.png"}};
  const std::vector<PairScore> scores = score(2, true);
  for (const std::size_t flat : {0U, 3U}) {
    EXPECT_TRUE(scores[flat].ok());
    EXPECT_FALSE(scores[flat].complete());
    ASSERT_EQ(scores[flat].scores.size(), 4U);
    EXPECT_FALSE(scores[flat].scores[0].value);
    EXPECT_TRUE(scores[flat].scores[1].value);
    EXPECT_EQ(scores[flat].scores[1].failure, "");
    EXPECT_TRUE(scores[flat].scores[3].value);
    EXPECT_THAT(metric_failures(scores[flat], names_),
                ::testing::ElementsAre(AllOf(HasSubstr("gradient, unique: "),
                                             HasSubstr("flat.png: all its patches"))));
  }
  EXPECT_TRUE(scores[1].complete());
  EXPECT_TRUE(metric_failures(scores[1], names_).empty());
  // Of a reference that some metrics have no use for, psnr alone is left.
  EXPECT_TRUE(scores[2].scores[1].value);
  EXPECT_THAT(metric_failures(scores[2], names_),
              ::testing::ElementsAre(HasSubstr("at least 4 are wanted"),
                                     HasSubstr("ssim: tiny.png: 10x10 pixels")));
  // What all refuse is no row of gaps.
  EXPECT_FALSE(scores[4].ok());
  EXPECT_TRUE(scores[4].scores.empty());
  EXPECT_FALSE(scores[4].reference_failed);
  EXPECT_THAT(scores[4].failure, HasSubstr("sizes must match"));
}

TEST_F(ScorePairs, StopsWhenAsked) {
  std::size_t done = 0;
  JobObserver observer;
  observer.on_progress = [&](std::size_t now, std::size_t total) {
    EXPECT_EQ(now, done + 1);
    EXPECT_EQ(total, 40U);
    done = now;
  };
  observer.stop_requested = [&] { return done >= 5; };
  options_.threads = 2;
  EXPECT_FALSE(score_pairs(
      metrics_, pairs_, [](std::size_t, const PairScore&) {}, options_, observer));
  EXPECT_GE(done, 5U);
  EXPECT_LT(done, 40U);
}

TEST_F(ScorePairs, RefusesANegativeNumberOfThreads) {
  options_.threads = -1;
  EXPECT_THROW(score_pairs(
                   metrics_, pairs_, [](std::size_t, const PairScore&) {}, options_),
               InvalidArgument);
}

TEST(UsesDecoder, KnowsTheLearnedMetrics) {
  const std::vector<std::string> plain{"psnr", "ssim"};
  const std::vector<std::string> learned{"psnr", "unique"};
  EXPECT_FALSE(uses_decoder(plain));
  EXPECT_TRUE(uses_decoder(learned));
  const std::vector<std::string> unknown{"vmaf"};
  EXPECT_FALSE(uses_decoder(unknown));
  EXPECT_THROW(make_quality_metrics(unknown), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
