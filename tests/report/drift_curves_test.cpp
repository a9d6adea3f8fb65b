#include "report/drift_curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gradspace/drift.h"
#include "support/random_scores.h"

namespace gradspace {
namespace {

using nlohmann::json;

using testing::normal_scores;

class DriftCurves : public ::testing::Test {
 protected:
  /// Two detectors under two types at levels 1 and 2; the second sees nothing.
  DriftCurves() {
    for (int method = 0; method < 2; ++method) {
      const std::string name = method == 0 ? "sees" : "blind";
      scores_.validation[{method, 0, kCleanType, 0}] = normal_scores(300, 0, 1);
      scores_.test[{method, 0, kCleanType, 0}] = normal_scores(240, 0, 2);
      for (const int type : {8, 9}) {
        for (const int level : {1, 2}) {
          const double shift = method == 0 ? 1.5 * level : 0;
          scores_.test[{method, 0, type, level}] = normal_scores(240, shift, 3);
          results_.rows.push_back({name, type, level, 0, {}});
        }
      }
    }
  }

  json curves() const { return drift_curves(scores_, Conditions(results_)); }

  ImageScores scores_;
  Results results_;
};

TEST_F(DriftCurves, ReplayTheMonitorsOwnVerdicts) {
  const json drift = curves();
  ASSERT_EQ(drift.at("streams").size(), 1U) << "all streams have the same lengths";
  ASSERT_EQ(drift.at("curves").size(), 4U) << "detectors by types";
  const json& stream = drift["streams"][0];
  EXPECT_EQ(stream.at("window"), 40) << "a sixth of the clean test images";
  EXPECT_EQ(stream.at("image").size(), 3U * 240 / 40);
  EXPECT_EQ(stream.at("begins")[2], (json{{"level", 2}, {"image", 480}}));

  DriftOptions options;
  options.window = 40;
  DriftMonitor monitor(Calibration(scores_.validation.at({0, 0, kCleanType, 0})), options);
  std::vector<std::size_t> drifted;
  std::size_t window = 0;
  std::uint64_t seed = kCleanPartSeed;
  for (const ScoreKey key : {ScoreKey{0, 0, kCleanType, 0}, {0, 0, 8, 1}, {0, 0, 8, 2}}) {
    for (const double score : in_random_order(scores_.test.at(key), seed++)) {
      if (const auto verdict = monitor.add(score)) {
        EXPECT_NEAR(stream["allowed"][window].get<double>(), verdict->level, 1e-5 * verdict->level);
        if (verdict->drifted) {
          drifted.push_back(window);
        }
        ++window;
      }
    }
  }
  EXPECT_EQ(drift["curves"][0].at("drifted"), drifted);
  EXPECT_FALSE(drifted.empty());
  EXPECT_GE(drifted.front(), 6U) << "the clean images raise no alarm";
}

TEST_F(DriftCurves, AreSilentForADetectorThatSeesNothing) {
  const json drift = curves();
  for (const json& curve : drift.at("curves")) {
    EXPECT_EQ(curve.at("drifted").empty(), curve.at("method") == 1);
  }
}

TEST_F(DriftCurves, KeepStreamsOfOtherLengthsApart) {
  scores_.test[{1, 0, 9, 2}].resize(80);
  const json drift = curves();
  EXPECT_EQ(drift.at("streams").size(), 2U);
  EXPECT_EQ(drift.at("curves")[3].at("p_value").size(), 6U + 6U + 2U);
  EXPECT_EQ(drift.at("curves")[3].at("stream"), 1);
}

TEST_F(DriftCurves, NeedEnoughCleanImages) {
  for (auto& [key, validation] : scores_.validation) {
    validation.resize(1);
  }
  for (auto& [key, test] : scores_.test) {
    test.resize(20);
  }
  EXPECT_TRUE(curves().at("curves").empty());
  EXPECT_THAT(curves().at("absent").get<std::string>(),
              ::testing::HasSubstr("20 images and 1 clean"));
  scores_.validation.clear();
  EXPECT_THAT(curves().at("absent").get<std::string>(),
              ::testing::HasSubstr("no scores of clean validation images"));
}

TEST_F(DriftCurves, RaiseNoAlarmOnCleanImagesThatAFolderSortsByScore) {
  for (auto* lists : {&scores_.test, &scores_.validation}) {
    for (auto& [key, list] : *lists) {
      std::sort(list.begin(), list.end());
    }
  }
  const json drift = curves();
  EXPECT_FALSE(drift.contains("absent"));
  for (const json& curve : drift.at("curves")) {
    for (const json& window : curve.at("drifted")) {
      EXPECT_GE(window.get<int>(), 6) << "an alarm in the clean part";
    }
  }
}

TEST_F(DriftCurves, CompareWithValidationImagesOfAllClasses) {
  // The first 2000 of 4000 are of one class, the others of another: either half alone is no calibration.
  for (auto* lists : {&scores_.test, &scores_.validation}) {
    auto& clean = (*lists)[{0, 0, kCleanType, 0}];
    clean = normal_scores(2000, 0, 4);
    const std::vector<double> other = normal_scores(2000, 3, 5);
    clean.insert(clean.end(), other.begin(), other.end());
  }
  const json drift = curves();
  const json& curve = drift.at("curves")[0];
  EXPECT_TRUE(curve.at("drifted").empty() || curve.at("drifted")[0].get<int>() >= 40);
}

}  // namespace
}  // namespace gradspace
