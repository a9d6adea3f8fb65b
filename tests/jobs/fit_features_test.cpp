#include "gradspace/fit_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/npy.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kColumns = 5;

class FitToFeatures : public ::testing::Test {
 protected:
  FitToFeatures() {
    write("clean.npy", 300, 0);
    write("test.npy", 200, 0);
    write("foreign.npy", 100, 2);
    options_.false_alarms = 0.1;
  }

  /// Normal columns of very different sizes, all shifted by so many deviations.
  void write(const char* name, std::int64_t rows, double shift) {
    Random random(hash_text(name));
    Tensor tensor{{rows, kColumns}, {}};
    for (std::int64_t i = 0; i < rows * kColumns; ++i) {
      const double scale = std::pow(10, static_cast<double>(i % kColumns) - 2);
      tensor.values.push_back(static_cast<float>(scale * (shift + random.normal())));
    }
    write_npy(folder_ / name, tensor);
  }

  FeatureSet set(const char* name) const { return FeatureSet(folder_ / name); }

  Detector fit() const {
    const FeatureSet clean = set("clean.npy");
    return fit_to_features({clean}, options_);
  }

  testing::TemporaryFolder folder_;
  FeatureFitOptions options_;
};

TEST_F(FitToFeatures, TellsForeignRowsAndKeepsTheRateOfFalseAlarms) {
  ASSERT_EQ(feature_methods().size(), 3U);
  const FeatureSet clean = set("test.npy");
  const FeatureSet foreign = set("foreign.npy");
  for (const OneClassMethodInfo& method : feature_methods()) {
    options_.method = method.name;
    write_detector(folder_ / "d.safetensors", fit());
    const Detector detector = read_detector(folder_ / "d.safetensors");
    const std::vector<NamedSet> outliers{{"foreign", foreign}};
    const auto rows = evaluate_detector(detector, {"clean", clean}, outliers, "m", 0);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].name, "foreign");
    EXPECT_GT(rows[0].metrics.auroc, 0.97) << method.name;
    std::size_t alarms = 0;
    for (const double score : detector_scores(detector, clean, "clean")) {
      alarms += score > detector.threshold ? 1 : 0;
    }
    // 20 of 200, give or take four deviations of both samples.
    EXPECT_NEAR(static_cast<double>(alarms), 20, 4 * std::sqrt(200 * 0.09 * (1 + 200.0 / 60)));
  }
}

TEST_F(FitToFeatures, IsMahalanobisDistanceUpToTheShrinkage) {
  // Of independent columns: the sum of squared deviations.
  const Detector detector = fit();
  const FeatureSet foreign = set("foreign.npy");
  const std::vector<double> scores = detector_scores(detector, foreign, "foreign");
  for (std::size_t i = 0; i < foreign.size(); ++i) {
    double squares = 0;
    for (std::size_t k = 0; k < kColumns; ++k) {
      squares += std::pow(foreign.row(i)[k] / std::pow(10, static_cast<double>(k) - 2), 2);
    }
    EXPECT_NEAR(scores[i] / squares, 1, 0.6);
  }
}

TEST_F(FitToFeatures, TrainsTheClassifierToo) {
  const FeatureSet clean = set("clean.npy");
  const FeatureSet foreign = set("foreign.npy");
  FitOptions options;
  options.classifier.epochs = 20;
  const Detector detector = fit_detector({clean, foreign}, options);
  EXPECT_EQ(detector_scores(detector, clean, "clean").size(), 300U);
}

TEST_F(FitToFeatures, RefusesWhatDoesNotFit) {
  options_.false_alarms = 0.001;
  EXPECT_THROW(fit(), InvalidArgument) << "60 rows are held out";
  options_.false_alarms = 0.1;
  options_.memory_gib = 1e-9;
  EXPECT_THAT([&] { fit(); }, ThrowsMessage<InvalidArgument>(HasSubstr("5 columns")));
  options_.memory_gib = 1;
  options_.method = "image-statistics";
  EXPECT_THAT([&] { fit(); }, ThrowsMessage<InvalidArgument>(HasSubstr("image-statistics")));
  options_.method = "nearest-neighbour";
  const Detector detector = fit();
  write_npy(folder_ / "narrow.npy", Tensor{{1, 2}, {1, 2}});
  const FeatureSet narrow = set("narrow.npy");
  EXPECT_THAT(
      [&] { detector_scores(detector, narrow, "narrow"); },
      ThrowsMessage<InvalidArgument>(HasSubstr("narrow: has 2 columns, the detector takes 5")));
}

}  // namespace
}  // namespace gradspace
