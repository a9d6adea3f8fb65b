#include "gradspace/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/metrics.h"
#include "gradspace/one_class.h"
#include "gradspace/train.h"
#include "support/random_scores.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using testing::normal_scores;
using ::testing::ThrowsMessage;

TEST(Calibration, SaysHowManyImagesARateTakes) {
  EXPECT_EQ(conformal_rank(99, 0.01), 99U);
  EXPECT_THAT([] { conformal_rank(98, 0.01); },
              ThrowsMessage<InvalidArgument>(HasSubstr("at least 99 clean images, there are 98")));
  EXPECT_THROW(conformal_rank(99, 0), InvalidArgument);
  EXPECT_THROW(conformal_rank(99, 1), InvalidArgument);
  EXPECT_THROW(Calibration().threshold(0.5), InvalidArgument);
}

TEST(Calibration, AgreesWithTheUnthinnedScoresAtTheTails) {
  const std::vector<double> scores = normal_scores(50000, 1);
  const Calibration calibration(scores);
  EXPECT_EQ(calibration.count(), 50000U);
  EXPECT_LE(calibration.tensors().begin()->second.values.size(), 8192U);
  for (const double rate : {0.04, 0.01, 0.001, 0.0001, 0.97}) {
    const double exact = calibrate_threshold(scores, rate);
    // A float32 keeps 24 bits, rounded up: never under the exact one.
    EXPECT_GE(calibration.threshold(rate), exact);
    EXPECT_NEAR(calibration.threshold(rate), exact, 3e-7 * (1 + std::abs(exact))) << rate;
  }
  for (const double score : {-3.0, 2.0, 3.5, 9.0}) {
    const auto over = std::ranges::count_if(scores, [&](double s) { return s >= score; });
    EXPECT_EQ(calibration.p_value(score), static_cast<double>(1 + over) / 50001) << score;
  }
}

TEST(Calibration, ErrsToFewerFalseAlarmsWhereScoresWereLeftOut) {
  const std::vector<double> scores = normal_scores(50000, 2);
  const Calibration calibration(scores);
  for (double rate = 0.05; rate < 0.95; rate += 0.01) {
    const double threshold = calibration.threshold(rate);
    EXPECT_GE(threshold, calibrate_threshold(scores, rate));
    const auto over = std::ranges::count_if(scores, [&](double s) { return s > threshold; });
    EXPECT_NEAR(static_cast<double>(over) / 50000, rate, 1e-3);
    const auto as_large = std::ranges::count_if(scores, [&](double s) { return s >= threshold; });
    EXPECT_GE(calibration.p_value(threshold), static_cast<double>(1 + as_large) / 50001);
  }
}

TEST(Calibration, ComesBackFromTensors) {
  const Calibration written(normal_scores(20000, 3));
  TensorMap tensors = written.tensors();
  tensors["other"] = {{1}, {1.0F}};
  const Calibration read = Calibration::take_from(tensors);
  EXPECT_EQ(tensors.size(), 1U);
  EXPECT_EQ(read.count(), written.count());
  EXPECT_EQ(read.tensors(), written.tensors());
  TensorMap unsorted{{"calibration.clean_scores", {{2}, {2.0F, 1.0F}}}};
  EXPECT_THROW(Calibration::take_from(unsorted), InvalidArgument);
  TensorMap not_a_number{{"calibration.clean_scores", {{1}, {std::nanf("")}}}};
  EXPECT_THROW(Calibration::take_from(not_a_number), InvalidArgument);
}

/// Splits `pool` at random many times: 10 000 calibrate a rate of 1 %, 5 000 are tested.
///
/// With n = 10 000 and rank k = ceil(0.99 x 10 001) = 9 901, the number of alarms among m = 5 000 new
/// exchangeable scores without ties is beta-binomial (m; n + 1 - k, k): mean m (n + 1 - k) / (n + 1) =
/// 49.995, standard deviation 8.6 (a binomial's would be 7.0). Each split must stay within five of them,
/// and, as splits are independent draws, their mean within five of 8.6 / sqrt(splits).
void expect_conformal(const std::vector<double>& pool, std::uint64_t seed) {
  constexpr std::size_t kCalibrate = 10000;
  constexpr std::size_t kTest = 5000;
  constexpr int kSplits = 100;
  constexpr double kMean = 49.995;
  constexpr double kDeviation = 8.62;
  ASSERT_GE(pool.size(), kCalibrate + kTest);
  double total = 0;
  for (int split = 0; split < kSplits; ++split) {
    const auto order = permutation(static_cast<std::uint32_t>(pool.size()),
                                   combine(seed, static_cast<std::uint64_t>(split)));
    std::vector<double> scores;
    for (std::size_t i = 0; i < kCalibrate + kTest; ++i) {
      scores.push_back(pool[order[i]]);
    }
    const Calibration calibration{std::span<const double>(scores).first(kCalibrate)};
    const double threshold = calibration.threshold(0.01);
    const auto alarms = std::count_if(scores.begin() + kCalibrate, scores.end(),
                                      [&](double score) { return score > threshold; });
    EXPECT_NEAR(static_cast<double>(alarms), kMean, 5 * kDeviation) << "split " << split;
    total += static_cast<double>(alarms);
  }
  EXPECT_NEAR(total / kSplits, kMean, 5 * kDeviation / std::sqrt(kSplits));
}

TEST(Calibration, HoldsItsRateOnFreshScoresOfAnyDistribution) {
  std::vector<double> pool = normal_scores(20000, 4);
  expect_conformal(pool, 1);
  for (double& score : pool) {
    score = std::exp(4 * score);  // a heavy tail
  }
  expect_conformal(pool, 2);
}

TEST(Calibration, HoldsItsRateOnFashionMnist) {
  const std::filesystem::path images =
      "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
  if (!std::filesystem::exists(images)) {
    GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
  }
  AutoencoderSpec spec;
  spec.input = {1, 28, 28};
  spec.up.back().out_channels = 1;
  const Model model = initialise(spec, 1);
  const std::shared_ptr<const Source> source = open_source(images);
  std::vector<std::uint32_t> first(22000);
  for (std::uint32_t i = 0; i < first.size(); ++i) {
    first[i] = i;
  }
  const ImageStore store(*select(source, first), spec.input);
  const std::vector<std::string> methods{"image-statistics"};
  const ObservationNeeds needs = one_class_needs(methods, spec);
  const auto make_backend = [&](std::vector<FeatureBlock> blocks) {
    return make_native_backend(model, std::move(blocks));
  };
  const auto observed = [&](std::size_t begin, std::size_t count) {
    return observe([&] { return make_backend(needs.blocks); }, needs, spec,
                   store.images(begin, count));
  };
  const Observations train = observed(0, 1500);
  const Observations validation = observed(1500, 500);
  const Detector detector =
      fit_one_class({spec, "", train, validation, make_backend}, {methods.front(), 0.01, 0});
  expect_conformal(load_score_function(detector, spec)->score(observed(2000, 20000)), 3);
}

}  // namespace
}  // namespace gradspace
