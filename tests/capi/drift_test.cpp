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
  static gradspace_drift_options options(std::size_t window, double false_alarms,
                                         std::size_t reference = 0) {
    gradspace_drift_options result = {};
    result.size = sizeof result;
    result.window = window;
    result.false_alarms = false_alarms;
    result.reference = reference;
    return result;
  }

  gradspace_drift* make(const gradspace_detector* detector, const gradspace_drift_options& given) {
    gradspace_drift* drift = nullptr;
    expect_ok(gradspace_drift_new(detector, &given, &drift));
    return keep(drift);
  }

  gradspace_status refused(const gradspace_drift_options& given) const {
    gradspace_drift* drift = nullptr;
    const gradspace_status status = gradspace_drift_new(detector_, &given, &drift);
    EXPECT_EQ(drift, nullptr);
    return status;
  }

  const gradspace_detector* detector_ = fit();
};

TEST_F(CDrift, SaysWhatTheCppMonitorSays) {
  const std::string path = folder / "detector.safetensors";
  expect_ok(gradspace_detector_write(detector_, path.c_str()));
  DriftMonitor oracle(read_detector(path).calibration, {20, 0.05});
  gradspace_drift* const drift = make(detector_, options(20, 0.05));
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
  gradspace_drift* const drift = make(detector_, options(20, 0.05));
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

TEST_F(CDrift, ComparesWithTheFirstScoresWhereAskedTo) {
  DriftMonitor oracle(Calibration(), {.window = 20, .false_alarms = 0.05, .reference = 70});
  gradspace_drift* const drift = make(nullptr, options(20, 0.05, 70));
  Random random(3);
  std::vector<gradspace_drift_window> windows(2);
  std::size_t drifted = 0;
  // In parts of 35: the reference, then 35, 35 and 30 scores of windows, of which the last ones are others.
  for (const std::size_t count : {35U, 35U, 35U, 35U, 30U}) {
    std::vector<double> scores;
    std::vector<DriftWindow> wanted;
    for (std::size_t i = 0; i < count; ++i) {
      scores.push_back(random.uniform(0, 1) + (count == 30 ? 5 : 0));
      if (const std::optional<DriftWindow> window = oracle.add(scores.back())) {
        wanted.push_back(*window);
      }
    }
    std::size_t filled = 7;
    expect_ok(
        gradspace_drift_add(drift, scores.data(), count, windows.data(), wanted.size(), &filled));
    ASSERT_EQ(filled, wanted.size());
    for (std::size_t i = 0; i < filled; ++i) {
      EXPECT_EQ(windows[i].first_image, wanted[i].first_image);
      EXPECT_EQ(windows[i].p_value, wanted[i].p_value);
      drifted += wanted[i].drifted ? 1U : 0U;
    }
  }
  EXPECT_EQ(oracle.windows(), 5U);
  EXPECT_EQ(drifted, 2U);  // the others begin in the midst of the fourth window
}

TEST_F(CDrift, WithoutOptionsItIsAsWithThoseOfTheHeader) {
  std::vector<double> scores(100);
  Random random(4);
  for (double& score : scores) {
    score = random.uniform(0, 2000);
  }
  gradspace_drift* defaults = nullptr;
  expect_ok(gradspace_drift_new(detector_, nullptr, &defaults));
  std::vector<gradspace_drift_window> windows(2);
  std::size_t place = 0;
  for (gradspace_drift* const drift : {keep(defaults), make(detector_, options(100, 0.01))}) {
    std::size_t filled = 0;
    expect_ok(gradspace_drift_add(drift, scores.data(), 100, &windows[place++], 1, &filled));
    EXPECT_EQ(filled, 1U);
  }
  EXPECT_EQ(windows[0].p_value, windows[1].p_value);
  EXPECT_EQ(windows[0].level, windows[1].level);
  EXPECT_EQ(windows[0].level, 0.01 / 2);
}

TEST_F(CDrift, RefusesWindowsAndRatesThatAreWrong) {
  EXPECT_EQ(refused(options(1, 0.01)), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(refused(options(SIZE_MAX, 0.01)), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(refused(options(20, 2)), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(refused(options(20, std::numeric_limits<double>::quiet_NaN())),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(refused(options(2, 1e-9)), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(refused(options(20, 0.05, 1)), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(refused(options(20, 0.05, 8193)), GRADSPACE_INVALID_ARGUMENT);
  gradspace_drift_options of_no_size = options(20, 0.05);
  of_no_size.size = 0;
  EXPECT_EQ(refused(of_no_size), GRADSPACE_INVALID_ARGUMENT);
}

TEST_F(CDrift, OnlyAReferenceOfItsOwnSparesTheDetector) {
  gradspace_drift* drift = nullptr;
  const gradspace_drift_options with_reference = options(20, 0.05, 70);
  const auto* const closed = reinterpret_cast<const gradspace_detector*>(std::uintptr_t{1});
  EXPECT_EQ(gradspace_drift_new(nullptr, nullptr, &drift), GRADSPACE_INVALID_HANDLE);
  EXPECT_EQ(gradspace_drift_new(closed, &with_reference, &drift), GRADSPACE_INVALID_HANDLE);
  EXPECT_EQ(drift, nullptr);
}

}  // namespace
}  // namespace gradspace
