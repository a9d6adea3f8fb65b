#include "results/score_curves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/file.h"
#include "gradspace/metrics.h"
#include "support/random_scores.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::normal_scores;

/// Right decisions as the page works them out: from the counts up to a stop.
double accuracy_at(const std::vector<double>& stops, double threshold,
                   const std::vector<double>& clean, const std::vector<double>& out) {
  const auto clean_counts = counts_up_to(clean, stops);
  const auto out_counts = counts_up_to(out, stops);
  double clean_up_to = 0;
  double out_up_to = 0;
  for (std::size_t i = 0; i < stops.size() && stops[i] <= threshold; ++i) {
    clean_up_to += clean_counts[i];
    out_up_to += out_counts[i];
  }
  return (clean_up_to / static_cast<double>(clean.size()) + 1 -
          out_up_to / static_cast<double>(out.size())) /
         2;
}

/// As `evaluate` writes them.
TEST(ImageScores, OutliersOfNoTypeAreNotClean) {
  const testing::TemporaryFolder folder;
  write_file(folder / "image_scores.csv",
             std::string_view("path,set,type,level,method,run,score,bce,kld,source\n"
                              "a.png,inliers,0,0,m,0,1,2,3,clean\n"
                              "a.png,outliers,0,0,m,0,5,2,3,photos\n"));
  Results results;
  results.rows.push_back({"m", 0, 0, 0, {}});
  const ImageScores scores =
      read_image_scores(folder / "image_scores.csv", Conditions(results), {});
  EXPECT_EQ(scores.test.at({0, 0, kCleanType, 0}), std::vector<double>{1});
  EXPECT_EQ(scores.test.at({0, 0, 0, 0}), std::vector<double>{5});
}

TEST(Stops, AreAllDistinctScoresWhereTheyAreFew) {
  EXPECT_EQ(stops_of({3, 1, 1}, {2, 3, 7}, 64, std::nullopt), (std::vector<double>{1, 2, 3, 7}));
  EXPECT_EQ(stops_of({3, 1}, {7}, 64, 2.5), (std::vector<double>{1, 2.5, 3, 7}));
}

TEST(Stops, AreAtMostAsManyAsAskedForAndAscend) {
  const auto clean = normal_scores(3000, 0, 1);
  const auto out = normal_scores(9000, 2, 2);
  const auto stops = stops_of(clean, out, 256, 0.5);
  EXPECT_LE(stops.size(), 256U);
  EXPECT_GT(stops.size(), 200U);
  EXPECT_TRUE(std::is_sorted(stops.begin(), stops.end()));
  EXPECT_EQ(stops.back(), *std::max_element(out.begin(), out.end()));
  EXPECT_TRUE(std::binary_search(stops.begin(), stops.end(), 0.5));
}

TEST(Stops, GiveTheMetricsOwnAccuracyAtEachOfThem) {
  const auto clean = normal_scores(900, 0, 3);
  const auto out = normal_scores(700, 1, 4);
  for (const std::size_t count : {64U, 4000U}) {
    for (const double threshold : stops_of(clean, out, count, 0.25)) {
      EXPECT_DOUBLE_EQ(accuracy_at(stops_of(clean, out, count, 0.25), threshold, clean, out),
                       detection_metrics(clean, out, threshold).accuracy);
    }
  }
}

TEST(Stops, CountEveryImageOnce) {
  const auto clean = normal_scores(5000, 0, 5);
  const auto stops = stops_of(clean, normal_scores(50, 9, 6), 64, std::nullopt);
  const auto counts = counts_up_to(clean, stops);
  std::size_t sum = 0;
  for (const std::uint32_t count : counts) {
    sum += count;
  }
  EXPECT_EQ(sum, clean.size());
}

class ThresholdOf : public ::testing::Test {
 protected:
  ThresholdOf() {
    scores_[{0, 0, kCleanType, 0}] = normal_scores(400, 0.4, 7);
    scores_[{0, 0, 9, 1}] = normal_scores(300, 1, 8);
    scores_[{0, 0, 9, 2}] = normal_scores(300, 2, 9);
    scores_[{1, 0, kCleanType, 0}] = {0, 1};  // of another detector
  }

  std::map<std::pair<int, int>, double> accuracy_at(double threshold) const {
    const auto& clean = scores_.at({0, 0, kCleanType, 0});
    return {{{9, 1}, detection_metrics(clean, scores_.at({0, 0, 9, 1}), threshold).accuracy},
            {{9, 2}, detection_metrics(clean, scores_.at({0, 0, 9, 2}), threshold).accuracy}};
  }

  ScoreLists scores_;
};

TEST_F(ThresholdOf, FindsHalfAndOthers) {
  EXPECT_EQ(threshold_of(scores_, 0, 0, accuracy_at(0.5)), 0.5);
  const auto found = threshold_of(scores_, 0, 0, accuracy_at(1.37));
  ASSERT_TRUE(found);
  EXPECT_EQ(accuracy_at(*found), accuracy_at(1.37));
}

TEST_F(ThresholdOf, SaysSoWhereNoThresholdGivesTheAccuracies) {
  auto accuracy = accuracy_at(0.5);
  accuracy[{9, 2}] += 0.01;
  EXPECT_EQ(threshold_of(scores_, 0, 0, accuracy), std::nullopt);
  EXPECT_EQ(threshold_of(scores_, 0, 0, {}), std::nullopt);
}

TEST(CalibrationCurves, HoldTheRateOnExchangeableScores) {
  ImageScores scores;
  const ScoreKey key{0, 0, kCleanType, 0};
  scores.validation[key] = normal_scores(4000, 0, 10);
  scores.test[key] = normal_scores(4000, 0, 11);
  const auto curves = calibration_curves(scores);
  ASSERT_EQ(curves.size(), 1U);
  const auto asked = curves[0]["asked"].get<std::vector<double>>();
  const auto seen = curves[0]["seen"].get<std::vector<double>>();
  ASSERT_EQ(asked.size(), 10U);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    // Five standard deviations of the difference between two rates of 4 000 images.
    const double deviation = std::sqrt(asked[i] * (1 - asked[i]) / 2000);
    EXPECT_NEAR(seen[i], asked[i], 5 * deviation);
  }
}

TEST(CalibrationCurves, LeaveOutRatesThatTakeMoreCleanImages) {
  ImageScores scores;
  const ScoreKey key{0, 0, kCleanType, 0};
  scores.validation[key] = normal_scores(30, 0, 12);
  scores.test[key] = normal_scores(30, 0, 13);
  // Thirty images give a threshold for a rate of 1/31 and more.
  EXPECT_EQ(calibration_curves(scores)[0]["asked"].get<std::vector<double>>().front(), 0.05);
}

}  // namespace
}  // namespace gradspace
