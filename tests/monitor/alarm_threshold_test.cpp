#include "monitor/alarm_threshold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random.h"

namespace gradspace::monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A detector with clean scores of an exponential distribution of mean 1, whose tail is as the guess has it.
Detector exponential_detector(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> scores;
  for (std::size_t i = 0; i < count; ++i) {
    scores.push_back(-std::log(1 - random.uniform()));
  }
  Detector detector;
  detector.method = "photograph";
  detector.calibration = Calibration(scores);
  return detector;
}

AlarmRules rules_of(double per_day, int raise_after) {
  AlarmRules rules;
  rules.false_alarms_per_day = per_day;
  rules.raise_after = raise_after;
  rules.raise_within = std::max(raise_after, rules.raise_within);
  return rules;
}

TEST(AlarmThreshold, IsTheCalibrationsWhereThatCanVouchForIt) {
  const Detector detector = exponential_detector(5000, 1);
  // Ten alarms of three frames a day are 30 of 86400 frames.
  const AlarmThreshold threshold = AlarmThreshold::of(detector, rules_of(10, 3), 1);
  EXPECT_EQ(threshold.threshold, detector.calibration.threshold(30 / 86400.0));
  EXPECT_THAT(threshold.remark, IsEmpty());
  EXPECT_NEAR(false_alarms_per_day(threshold.rate, 1, rules_of(10, 3)), 10, 1e-9);
  EXPECT_NEAR(false_alarms_per_day(threshold.rate, 10, rules_of(10, 3)), 100, 1e-9);
}

TEST(AlarmThreshold, BeyondTheCalibrationItIsATailsGuessAndSaysSo) {
  const Detector detector = exponential_detector(500, 2);
  const AlarmThreshold threshold = AlarmThreshold::of(detector, rules_of(1, 3), 10);
  EXPECT_THAT(threshold.remark, HasSubstr("287999 clean images"));
  EXPECT_THAT(threshold.remark, HasSubstr("has 500"));
  const double rate = 3 / 864000.0;
  EXPECT_NEAR(threshold.threshold, -std::log(rate), 4) << "of the true distribution";
  EXPECT_GT(threshold.threshold, detector.calibration.highest());
}

TEST(AlarmThreshold, RisesAsFewerFalseAlarmsAreWanted) {
  for (const std::size_t count : {1U, 2U, 15U, 60U, 1000U, 20000U}) {
    const Detector detector = exponential_detector(count, 3);
    double last = -1;
    for (double per_day = 1e5; per_day > 1e-6; per_day /= 3) {
      const AlarmThreshold threshold = AlarmThreshold::of(detector, rules_of(per_day, 2), 5);
      EXPECT_GE(threshold.threshold, last) << count << ' ' << per_day;
      EXPECT_TRUE(std::isfinite(threshold.threshold));
      last = threshold.threshold;
    }
  }
}

TEST(AlarmThreshold, OfProbabilitiesItStaysOneThatCanBeExceeded) {
  std::vector<double> scores;
  Random random(4);
  for (int i = 0; i < 300; ++i) {
    scores.push_back(1 / (1 + std::exp(3 - random.normal())));
  }
  Detector detector;
  detector.method = "classifier";
  detector.calibration = Calibration(scores);
  const AlarmThreshold threshold = AlarmThreshold::of(detector, rules_of(0.01, 3), 30);
  EXPECT_GT(threshold.threshold, detector.calibration.highest());
  EXPECT_LT(threshold.threshold, 1);
}

TEST(AlarmThreshold, WithoutCleanScoresItIsTheDetectors) {
  Detector detector;
  detector.threshold = 0.75;
  const AlarmThreshold threshold = AlarmThreshold::of(detector, rules_of(1, 3), 10);
  EXPECT_EQ(threshold.threshold, 0.75);
  EXPECT_THAT(threshold.remark, HasSubstr("nothing is known"));
}

}  // namespace
}  // namespace gradspace::monitor
