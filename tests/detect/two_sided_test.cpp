// Distances from the middle of clean scores, and the promise of their calibration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/two_sided.h"
#include "support/random_scores.h"

namespace gradspace {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

TEST(TwoSided, CountsRanksToEitherSide) {
  const TwoSided sides(std::vector<double>{1, 2, 3, 4, 5});
  EXPECT_EQ(sides.distance(3), 0);
  EXPECT_EQ(sides.distance(2), 0.4);  // one below, three above
  EXPECT_EQ(sides.distance(4), 0.4);
  EXPECT_EQ(sides.distance(2.5), 0.2);
  EXPECT_EQ(sides.distance(5), 0.8);
  EXPECT_EQ(sides.distance(5.4), 1.1);  // beyond the end by a tenth of the range
  EXPECT_EQ(sides.distance(-3), 2);
}

TEST(TwoSided, OfEqualScoresIsThePlainDistance) {
  const TwoSided sides(std::vector<double>{2, 2, 2});
  EXPECT_EQ(sides.distance(2), 0);
  EXPECT_EQ(sides.distance(2.5), 1.5);
  EXPECT_EQ(TwoSided().distance(7), 0);
}

TEST(TwoSided, ComparesEachCleanImageWithTheOthers) {
  const std::vector<double> scores{3, 1, 2, 10};
  std::vector<double> wanted;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    std::vector<double> others = scores;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    wanted.push_back(TwoSided(others).distance(scores[i]));
  }
  const auto distances = TwoSided::distances_from_others(scores);
  ASSERT_EQ(distances.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(distances[i], wanted[i]) << i;
  }
}

TEST(TwoSided, KeepsTheRateOfFalseAlarmsThatIsAskedFor) {
  constexpr double kRate = 0.1;
  constexpr int kDraws = 400;
  double alarms = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto clean = testing::normal_scores(99, combine(1, static_cast<std::uint64_t>(draw)));
    const TwoSided sides(clean);
    const double threshold = Calibration(TwoSided::distances_from_others(clean)).threshold(kRate);
    for (const double score :
         testing::normal_scores(100, combine(2, static_cast<std::uint64_t>(draw)))) {
      alarms += sides.distance(score) > threshold ? 1 : 0;
    }
  }
  // The mean of 400 rates, each with a deviation of about 0.042.
  EXPECT_NEAR(alarms / (100 * kDraws), kRate, 0.01);
}

TEST(TwoSided, ComesBackFromTensors) {
  const TwoSided sides(testing::normal_scores(20000, 3));
  TensorMap tensors = sides.tensors();
  tensors["0.weight"] = {{1}, {1}};
  const TwoSided read = TwoSided::take_from(tensors);
  EXPECT_EQ(tensors.size(), 1U);
  for (const double score : testing::normal_scores(200, 4)) {
    EXPECT_EQ(read.distance(score), sides.distance(score));
  }
  TensorMap bad = sides.tensors();
  bad["two_sided.other"] = {{1}, {1}};
  EXPECT_THROW(TwoSided::take_from(bad), InvalidArgument);
}

TEST(TwoSided, IsRefusedWhereItIsNotWhole) {
  TensorMap tensors = TwoSided(testing::normal_scores(10, 5)).tensors();
  tensors.erase("two_sided.calibration.clean_scores");
  EXPECT_THROW(TwoSided::take_from(tensors), InvalidArgument);
  tensors = TwoSided(testing::normal_scores(10, 5)).tensors();
  tensors["two_sided.calibration.clean_scores"].values.back() =
      std::numeric_limits<float>::infinity();
  EXPECT_THROW(TwoSided::take_from(tensors), InvalidArgument);
  EXPECT_THROW(TwoSided(std::vector<double>{1, std::numeric_limits<double>::infinity()}),
               InvalidArgument);
}

}  // namespace
}  // namespace gradspace
