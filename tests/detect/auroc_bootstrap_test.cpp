#include "detect/auroc_bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/arena.h"
#include "gradspace/error.h"
#include "support/random_scores.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using testing::normal_scores;
using ::testing::ThrowsMessage;

double variance(const std::vector<double>& values) {
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return squares / static_cast<double>(values.size() - 1);
}

/// The standard error of an AUROC by DeLong, DeLong and Clarke-Pearson (1988): an independent way to it.
double delong_error(const std::vector<double>& in, const std::vector<double>& out) {
  const auto share_won = [](double score, const std::vector<double>& others, double sign) {
    double won = 0;
    for (const double other : others) {
      won += score == other ? 0.5 : (sign * (score - other) > 0 ? 1.0 : 0.0);
    }
    return won / static_cast<double>(others.size());
  };
  std::vector<double> of_in;
  for (const double score : in) {
    of_in.push_back(share_won(score, out, -1));
  }
  std::vector<double> of_out;
  for (const double score : out) {
    of_out.push_back(share_won(score, in, 1));
  }
  return std::sqrt(variance(of_in) / static_cast<double>(in.size()) +
                   variance(of_out) / static_cast<double>(out.size()));
}

std::vector<double> rounded_scores(std::size_t count, double mean, std::uint64_t seed) {
  std::vector<double> scores = normal_scores(count, mean, seed);
  for (double& score : scores) {
    score = std::round(2 * score) / 2;  // many ties
  }
  return scores;
}

TEST(AurocBootstrap, VariesAsDeLongsStandardErrorSays) {
  for (const bool ties : {false, true}) {
    const auto in = ties ? rounded_scores(300, 0, 1) : normal_scores(300, 0, 1);
    const auto out = ties ? rounded_scores(150, 0.8, 2) : normal_scores(150, 0.8, 2);
    BootstrapOptions options;
    options.resamples = 4000;
    const OutlierScores list[] = {{out}};
    const auto values = resampled_aurocs(in, list, options).front();
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 4000;
    const double error = delong_error(in, out);
    // 4000 resamples know a standard deviation to about 1 %, and their mean to a sixtieth of it.
    EXPECT_NEAR(mean, detection_metrics(in, out, 0).auroc, 4 * error / 60);
    EXPECT_NEAR(std::sqrt(variance(values)) / error, 1, 0.06);
    const Interval interval = auroc_interval(in, out, options);
    EXPECT_NEAR(interval.low, mean - 1.96 * error, 0.25 * error);
    EXPECT_NEAR(interval.high, mean + 1.96 * error, 0.25 * error);
  }
}

TEST(AurocBootstrap, IsOneWhereNothingOverlapsAndAHalfWhereAllIsEqual) {
  const std::vector<double> low{0, 0.1, 0.2};
  const std::vector<double> high{1, 2};
  const Interval apart = auroc_interval(low, high);
  EXPECT_EQ(apart.low, 1);
  EXPECT_EQ(apart.high, 1);
  const std::vector<double> same(5, 3.0);
  EXPECT_EQ(auroc_interval(same, same).low, 0.5);
  EXPECT_EQ(auroc_interval(same, same).high, 0.5);
}

TEST(AurocBootstrap, IsTheSameOnAnyNumberOfThreads) {
  const auto in = normal_scores(80, 0, 1);
  const auto out = normal_scores(50, 1, 2);
  const auto of_threads = [&](int threads) {
    return in_arena(threads, [&] {
      const OutlierScores list[] = {{out}};
      return resampled_aurocs(in, list, {});
    });
  };
  EXPECT_EQ(of_threads(1), of_threads(2));
}

TEST(AurocBootstrap, DrawsTheSameImagesInListsOfOneStream) {
  const auto in = normal_scores(80, 0, 1);
  const auto out = normal_scores(50, 1, 2);
  const OutlierScores lists[] = {{out, 0}, {out, 0}, {out, 7}};
  const auto values = resampled_aurocs(in, lists, {});
  EXPECT_EQ(values[0], values[1]);
  EXPECT_NE(values[0], values[2]);
  // What else is in the list of lists makes no difference.
  const OutlierScores alone[] = {{out, 7}};
  EXPECT_EQ(resampled_aurocs(in, alone, {}).front(), values[2]);
}

TEST(AurocBootstrap, RefusesWhatItCantDraw) {
  const std::vector<double> scores{1, 2};
  const std::vector<double> nan{1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THAT([&] { auroc_interval(scores, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("missing")));
  EXPECT_THAT([&] { auroc_interval(nan, scores); },
              ThrowsMessage<InvalidArgument>(HasSubstr("NaN")));
  EXPECT_THAT(
      [&] {
        auroc_interval(scores, scores, {0, 0.95, 0});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("0 resamples")));
  EXPECT_THAT(
      [&] {
        auroc_interval(scores, scores, {10, 1, 0});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("confidence 1")));
}

}  // namespace
}  // namespace gradspace
