#include "gradspace/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "capi/c_objects.h"
#include "gradspace/detector.h"

namespace gradspace {
namespace {

using testing::expect_ok;
using ::testing::HasSubstr;

class CDrift : public testing::CObjects {
 protected:
  gradspace_drift* make(std::size_t window, double false_alarms) {
    gradspace_drift* drift = nullptr;
    expect_ok(gradspace_drift_new(detector_, window, false_alarms, &drift));
    return keep(drift);
  }

  const gradspace_detector* detector_ = fit();
};

TEST_F(CDrift, SaysWhatTheCppMonitorSays) {
  const std::string path = folder / "detector.safetensors";
  expect_ok(gradspace_detector_write(detector_, path.c_str()));
  DriftMonitor oracle(read_detector(path).calibration, {20, 0.05});
  gradspace_drift* const drift = make(20, 0.05);
  std::vector<double> scores;
  Random random(1);
  for (std::size_t i = 0; i < 90; ++i) {
    scores.push_back(random.uniform(0, 2000));
  }
  std::vector<DriftWindow> wanted;
  for (const double score : scores) {
    if (const std::optional<DriftWindow> window = oracle.add(score)) {
      wanted.push_back(*window);
    }
  }
  // In parts of 50 and 40: two windows each.
  std::vector<gradspace_drift_window> windows(4);
  std::size_t filled = 0;
  expect_ok(gradspace_drift_add(drift, scores.data(), 50, windows.data(), 2, &filled));
  EXPECT_EQ(filled, 2U);
  expect_ok(gradspace_drift_add(drift, &scores[50], 40, &windows[2], 2, &filled));
  EXPECT_EQ(filled, 2U);
  ASSERT_EQ(wanted.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(windows[i].number, wanted[i].number);
    EXPECT_EQ(windows[i].first_image, wanted[i].first_image);
    EXPECT_EQ(windows[i].statistic, wanted[i].statistic);
    EXPECT_EQ(windows[i].p_value, wanted[i].p_value);
    EXPECT_EQ(windows[i].level, wanted[i].level);
    EXPECT_EQ(windows[i].median_score, wanted[i].median_score);
    EXPECT_EQ(windows[i].drifted, wanted[i].drifted ? 1 : 0);
  }
}

TEST_F(CDrift, TakesAllScoresOrNone) {
  gradspace_drift* const drift = make(20, 0.05);
  std::vector<double> scores(40, 1);
  std::vector<gradspace_drift_window> windows(2);
  std::size_t filled = 7;
  EXPECT_EQ(gradspace_drift_add(drift, scores.data(), 40, windows.data(), 1, &filled),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("40 scores fill 2 windows, there is room for 1"));
  scores[30] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(gradspace_drift_add(drift, scores.data(), 40, windows.data(), 2, &filled),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(filled, 7U);
  scores[30] = 1;
  expect_ok(gradspace_drift_add(drift, scores.data(), 19, nullptr, 0, &filled));
  EXPECT_EQ(filled, 0U);
  expect_ok(gradspace_drift_add(drift, scores.data(), 1, windows.data(), 1, &filled));
  EXPECT_EQ(filled, 1U);
  EXPECT_EQ(windows[0].number, 1U);
  EXPECT_EQ(windows[0].first_image, 0U);
}

TEST_F(CDrift, RefusesWindowsAndRatesThatAreWrong) {
  gradspace_drift* drift = nullptr;
  EXPECT_EQ(gradspace_drift_new(detector_, 1, 0.01, &drift), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_drift_new(detector_, SIZE_MAX, 0.01, &drift), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_drift_new(detector_, 20, 2, &drift), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_drift_new(detector_, 20, std::numeric_limits<double>::quiet_NaN(), &drift),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_drift_new(detector_, 2, 1e-9, &drift), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(drift, nullptr);
}

}  // namespace
}  // namespace gradspace
