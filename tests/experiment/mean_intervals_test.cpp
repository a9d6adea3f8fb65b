#include "experiment/mean_intervals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/metrics.h"
#include "support/random_scores.h"

namespace gradspace {
namespace {

using Condition = MeanIntervals::Condition;

TEST(MeanIntervals, OfOneConditionAndRunAreTheImages) {
  const auto clean = testing::normal_scores(80, 1);
  const auto blurred = testing::normal_scores(60, 1.0, 2);
  MeanIntervals means(60);
  const auto of_rows = means.add("m", 0, clean, std::vector<Condition>{{2, blurred}});
  ASSERT_EQ(of_rows.size(), 1U);
  const auto intervals = means.intervals();
  ASSERT_EQ(intervals.size(), 2U);
  const Interval wanted = auroc_interval(clean, blurred);
  EXPECT_EQ(of_rows.front().low, wanted.low);
  EXPECT_EQ(of_rows.front().high, wanted.high);
  for (const MeanInterval& mean : intervals) {
    EXPECT_EQ(mean.method, "m");
    EXPECT_EQ(mean.auroc.low, wanted.low);
    EXPECT_EQ(mean.auroc.high, wanted.high);
  }
  EXPECT_EQ(intervals[0].type, 2);
  EXPECT_EQ(intervals[1].type, std::nullopt);
}

TEST(MeanIntervals, AreAsWideAsRunsDiffer) {
  const auto clean = testing::normal_scores(400, 1);
  const auto unseen = testing::normal_scores(400, 0.0, 2);
  const auto seen = testing::normal_scores(400, 2.0, 3);
  MeanIntervals alike(800);
  MeanIntervals apart(800);
  for (int run = 0; run < 2; ++run) {
    alike.add("m", run, clean, std::vector<Condition>{{1, unseen}, {2, seen}});
    apart.add("m", run, clean, std::vector<Condition>{{1, run == 0 ? unseen : seen}});
  }
  // Both have the same mean, about (0.5 + 0.92) / 2.
  const Interval narrow = alike.intervals().back().auroc;
  const Interval wide = apart.intervals().back().auroc;
  EXPECT_LT(narrow.high - narrow.low, 0.06);
  EXPECT_LT(wide.low, 0.55);  // both runs drawn are the first, in a quarter of the resamples
  EXPECT_GT(wide.high, 0.9);
}

TEST(MeanIntervals, JoinDetectorsThatShareAMethod) {
  const auto clean = testing::normal_scores(50, 1);
  const auto first = testing::normal_scores(50, 0.5, 2);
  const auto second = testing::normal_scores(50, 1.5, 3);
  MeanIntervals together(100);
  together.add("m", 0, clean, std::vector<Condition>{{1, first}, {2, second}});
  MeanIntervals one_by_one(100);
  one_by_one.add("m", 0, clean, std::vector<Condition>{{1, first}});
  one_by_one.add("m", 0, clean, std::vector<Condition>{{2, second}});
  EXPECT_EQ(one_by_one.intervals().size(), 3U);
  EXPECT_EQ(one_by_one.intervals().back().auroc.low, together.intervals().back().auroc.low);
  EXPECT_EQ(one_by_one.intervals().back().auroc.high, together.intervals().back().auroc.high);
}

}  // namespace
}  // namespace gradspace
