#include "gradspace/metrics.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

struct Scores {
  std::vector<double> in;
  std::vector<double> out;
};

/// Scores of which many are equal, within a class and across.
Scores random_scores(std::uint64_t seed) {
  Random random(seed);
  const double steps = static_cast<double>(2 + random.below(30));
  const double shift = random.uniform(-0.2, 0.6);
  Scores scores;
  for (std::uint64_t i = 0, n = 1 + random.below(300); i < n; ++i) {
    scores.in.push_back(std::floor(random.uniform() * steps) / steps);
  }
  for (std::uint64_t i = 0, n = 1 + random.below(300); i < n; ++i) {
    scores.out.push_back(std::floor((random.uniform() + shift) * steps) / steps);
  }
  return scores;
}

TEST(DetectionMetrics, AgreeWithScikitLearnOnScoresWithTies) {
  if (!testing::python_has("sklearn")) {
    GTEST_SKIP() << "Debian's python3-sklearn is not installed";
  }
  constexpr std::uint64_t kSets = 12;
  const testing::TemporaryFolder folder;
  std::string arguments = "0.5";
  for (std::uint64_t seed = 0; seed < kSets; ++seed) {
    const Scores scores = random_scores(seed);
    std::string text;
    for (const double score : scores.in) {
      text += fmt::format("0 {}\n", score);
    }
    for (const double score : scores.out) {
      text += fmt::format("1 {}\n", score);
    }
    const std::filesystem::path file = folder / fmt::format("{}", seed);
    write_file(file, text);
    arguments += " " + file.string();
  }
  const auto output = testing::run_script("detect/sklearn_metrics.py", arguments);
  ASSERT_EQ(output.status, 0);
  const auto by_sklearn = nlohmann::json::parse(output.text);
  for (std::uint64_t seed = 0; seed < kSets; ++seed) {
    const Scores scores = random_scores(seed);
    const auto& expected = by_sklearn[seed];
    const DetectionMetrics metrics = detection_metrics(scores.in, scores.out, 0.5);
    // Sums of at most 600 quotients in double: 600 x 1.1e-16, rounded up.
    constexpr double kTolerance = 1e-12;
    EXPECT_NEAR(metrics.accuracy, expected["accuracy"], kTolerance) << seed;
    EXPECT_NEAR(metrics.auroc, expected["auroc"], kTolerance) << seed;
    EXPECT_NEAR(metrics.aupr_in, expected["aupr_in"], kTolerance) << seed;
    EXPECT_NEAR(metrics.aupr_out, expected["aupr_out"], kTolerance) << seed;
    EXPECT_NEAR(metrics.fpr95_in_positive, expected["fpr95_in_positive"], kTolerance) << seed;
    EXPECT_NEAR(metrics.fpr95_ood_positive, expected["fpr95_ood_positive"], kTolerance) << seed;
    EXPECT_NEAR(metrics.detection_error, expected["detection_error"], kTolerance) << seed;
  }
}

TEST(DetectionMetrics, AurocIsTheShareOfOrderedPairs) {
  const Scores scores = random_scores(99);
  double ordered = 0;
  for (const double in : scores.in) {
    for (const double out : scores.out) {
      ordered += out > in ? 1 : out == in ? 0.5 : 0;
    }
  }
  EXPECT_NEAR(detection_metrics(scores.in, scores.out, 0).auroc,
              ordered / static_cast<double>(scores.in.size() * scores.out.size()), 1e-12);
}

TEST(DetectionMetrics, PerfectAndUseless) {
  const std::vector<double> low{0.1, 0.2};
  const std::vector<double> high{0.8, 0.9, 0.95};
  const DetectionMetrics perfect = detection_metrics(low, high, 0.5);
  EXPECT_EQ(perfect.accuracy, 1);
  EXPECT_EQ(perfect.auroc, 1);
  EXPECT_EQ(perfect.detection_error, 0);
  EXPECT_EQ(perfect.fpr95_ood_positive, 0);
  EXPECT_EQ(perfect.n_out, 3U);
  const std::vector<double> same{0.5, 0.5, 0.5};
  const DetectionMetrics useless = detection_metrics(same, same, 0.5);
  EXPECT_EQ(useless.accuracy, 0.5);
  EXPECT_EQ(useless.auroc, 0.5);
  EXPECT_EQ(useless.detection_error, 0.5);
  EXPECT_EQ(useless.fpr95_in_positive, 1);
  EXPECT_EQ(detection_metrics(high, low, 0.5).detection_error, 0.5);
}

TEST(DetectionMetrics, AScoreAtTheThresholdIsIn) {
  const std::vector<double> at{0.5};
  EXPECT_EQ(detection_metrics(at, std::vector<double>{0.6}, 0.5).accuracy, 1);
}

TEST(DetectionMetrics, RefusesEmptyClassesAndNan) {
  const std::vector<double> some{0.5};
  const std::vector<double> nan{std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THROW(detection_metrics({}, some, 0), InvalidArgument);
  EXPECT_THROW(detection_metrics(some, {}, 0), InvalidArgument);
  EXPECT_THROW(detection_metrics(some, nan, 0), InvalidArgument);
}

TEST(CalibrateThreshold, KeepsThePromisedRateOnFreshImages) {
  // The rate on one fresh image is the expectation over draws of calibration sets; with 400 draws
  // of 50 fresh images its standard error is under 0.004: four of those.
  constexpr double kRate = 0.1;
  Random random(1);
  double alarms = 0;
  constexpr int kDraws = 400;
  constexpr int kFresh = 50;
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<double> clean(39);
    for (double& score : clean) {
      score = random.normal();
    }
    const double threshold = calibrate_threshold(clean, kRate);
    for (int i = 0; i < kFresh; ++i) {
      alarms += random.normal() > threshold ? 1 : 0;
    }
  }
  EXPECT_NEAR(alarms / (kDraws * kFresh), kRate, 0.016);
}

TEST(CalibrateThreshold, SaysHowManyImagesItTakes) {
  const std::vector<double> nine(9, 0.5);
  EXPECT_EQ(calibrate_threshold(nine, 0.1), 0.5);
  EXPECT_THROW(calibrate_threshold(std::vector<double>(8, 0.5), 0.1), InvalidArgument);
  EXPECT_THROW(calibrate_threshold(nine, 0), InvalidArgument);
  EXPECT_THROW(calibrate_threshold(nine, std::nan("")), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
