#include "gradspace/agreement.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/file.h"
#include "core/json.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using Values = std::vector<double>;

struct Case {
  std::string name;
  Values scores;
  Values opinions;
  Values deviations;
  AgreementOptions options;
  nlohmann::json expected;
};

/// Made by tests/statistics/scipy_agreement.py.
std::vector<Case> scipy_cases() {
  const std::filesystem::path path = testing::data_file("quality/agreement.json");
  std::vector<Case> cases;
  for (const auto& item : parse_json(read_text_file(path), path.string())) {
    Case one;
    one.name = item["name"];
    one.scores = item["scores"].get<Values>();
    one.opinions = item["opinions"].get<Values>();
    one.deviations = item.value("deviations", Values());
    one.options.larger_is_better = item["larger_is_better"];
    one.options.resamples = 0;
    one.expected = item;
    cases.push_back(one);
  }
  return cases;
}

Values with_ties(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  Values values(n);
  std::generate(values.begin(), values.end(),
                [&] { return static_cast<double>(random.below(6)) / 5; });
  return values;
}

TEST(Agreement, IsWhatScipyFinds) {
  for (const Case& one : scipy_cases()) {
    SCOPED_TRACE(one.name);
    const Agreement ours = agreement(one.scores, one.opinions, one.deviations, one.options);
    EXPECT_EQ(ours.n, one.scores.size());
    EXPECT_NEAR(ours.srocc->value, one.expected["srocc"], 1e-12);
    EXPECT_NEAR(ours.krocc->value, one.expected["krocc"], 1e-12);
    // Both descents stop at relative changes of 1e-10 and less of the squared error; the best of
    // SciPy's forty random starts is not to be beaten by more, nor missed.
    EXPECT_NEAR(ours.plcc->value, one.expected["plcc"], 1e-6);
    const double rmse = one.expected["rmse"];
    EXPECT_NEAR(ours.rmse.value, rmse, 1e-6 * rmse);
    if (one.deviations.empty()) {
      EXPECT_FALSE(ours.outlier_ratio);
    } else {
      EXPECT_EQ(ours.outlier_ratio->value, one.expected["outlier_ratio"]);
    }
    EXPECT_FALSE(ours.fit.linear);
  }
}

TEST(Agreement, KendallCountsPairs) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const std::size_t n = 2 + seed * 3;
    const Values x = with_ties(n, 2 * seed);
    const Values y = with_ties(n, 2 * seed + 1);
    double score = 0;
    double untied_x = 0;
    double untied_y = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double product = (x[i] - x[j]) * (y[i] - y[j]);
        score += product > 0 ? 1 : product < 0 ? -1 : 0;
        untied_x += x[i] != x[j];
        untied_y += y[i] != y[j];
      }
    }
    const auto tau = kendall_correlation(x, y);
    if (untied_x * untied_y == 0) {
      EXPECT_FALSE(tau);
    } else {
      EXPECT_NEAR(*tau, score / std::sqrt(untied_x * untied_y), 1e-12) << seed;
    }
  }
}

TEST(Agreement, RankCorrelationsSeeOnlyOrder) {
  Random random(5);
  Values x(200);
  Values y(200);
  Values warped(200);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = random.normal();
    y[i] = x[i] + random.normal();
    warped[i] = std::exp(3 * x[i]);
  }
  EXPECT_DOUBLE_EQ(*spearman_correlation(warped, y), *spearman_correlation(x, y));
  EXPECT_DOUBLE_EQ(*kendall_correlation(warped, y), *kendall_correlation(x, y));
  EXPECT_DOUBLE_EQ(*spearman_correlation(x, warped), 1);
  EXPECT_DOUBLE_EQ(*kendall_correlation(x, warped), 1);
  warped[7] = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(spearman_correlation(warped, y));
  EXPECT_THROW(pearson_correlation(warped, y), InvalidArgument);
}

TEST(Agreement, RecoversTheCurveThatMadeTheOpinions) {
  const LogisticFit truth{{-80, 0.35, 28, -0.4, 60}, false};
  Values scores;
  Values opinions;
  for (int i = 0; i <= 100; ++i) {
    scores.push_back(15 + 0.3 * i);
    opinions.push_back(truth(scores.back()));
  }
  const LogisticFit fit = fit_logistic(scores, opinions);
  for (const double score : scores) {
    EXPECT_NEAR(fit(score), truth(score), 1e-5);
  }
  // As the formula is written in papers.
  EXPECT_NEAR(truth(20), -80 * (0.5 - 1 / (1 + std::exp(0.35 * (20 - 28.0)))) - 0.4 * 20 + 60,
              1e-12);
  EXPECT_TRUE(std::isfinite(fit(1e9)));
}

TEST(Agreement, FallsBackToALine) {
  const Values few{1, 2, 3, 4, 5};
  const Values on_line{3, 5, 7, 9, 11};
  const LogisticFit line = fit_logistic(few, on_line);
  EXPECT_TRUE(line.linear);
  EXPECT_EQ(line.b[0], 0);
  EXPECT_NEAR(line(10), 21, 1e-9);

  const Values equal(40, 0.7);
  const Values opinions = with_ties(40, 3);
  AgreementOptions options;
  options.resamples = 20;
  const Agreement constant = agreement(equal, opinions, {}, options);
  EXPECT_TRUE(constant.fit.linear);
  EXPECT_FALSE(constant.srocc || constant.krocc || constant.plcc);
  double squares = 0;
  double sum = 0;
  for (const double opinion : opinions) {
    sum += opinion;
    squares += opinion * opinion;
  }
  EXPECT_NEAR(constant.rmse.value, std::sqrt(squares / 40 - sum * sum / 1600), 1e-12);
  const Agreement one = agreement(Values{0.5}, Values{3}, Values{1}, options);
  EXPECT_FALSE(one.srocc);
  EXPECT_EQ(one.rmse.value, 0);
  EXPECT_EQ(one.outlier_ratio->value, 0);
}

TEST(Agreement, TheFitIsNeverWorseThanALine) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    Values scores(6 + random.below(60));
    Values opinions(scores.size());
    const double scale = std::pow(10.0, random.uniform(-6, 6));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i] = scale * (seed % 3 == 0 ? std::floor(3 * random.uniform()) : random.normal());
      opinions[i] = random.normal() + scores[i] / scale * random.uniform(-1, 1);
    }
    AgreementOptions options;
    options.resamples = 0;
    const Agreement fitted = agreement(scores, opinions, {}, options);
    const auto r = pearson_correlation(scores, opinions);
    if (r) {
      EXPECT_GE(fitted.plcc->value, std::abs(*r) - 1e-9) << seed;
    }
  }
}

TEST(Agreement, IntervalsAreTheSameWithAnyNumberOfThreads) {
  const Case one = scipy_cases().front();
  AgreementOptions options = one.options;
  options.resamples = 200;
  const Agreement many = agreement(one.scores, one.opinions, one.deviations, options);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
  const Agreement single = agreement(one.scores, one.opinions, one.deviations, options);
  EXPECT_EQ(many.srocc->low, single.srocc->low);
  EXPECT_EQ(many.rmse.high, single.rmse.high);
  EXPECT_EQ(many.outlier_ratio->low, single.outlier_ratio->low);
  options.seed = 1;
  EXPECT_NE(agreement(one.scores, one.opinions, one.deviations, options).srocc->low,
            many.srocc->low);
  EXPECT_LT(many.srocc->low, many.srocc->value);
  EXPECT_GT(many.srocc->high, many.srocc->value);
}

TEST(Agreement, IntervalsCoverTheTruth) {
  // Normal pairs of correlation r have Spearman's (6/pi) asin(r/2). Of 60 intervals of 90 % each
  // misses it with a chance of about 0.1: more than 16 misses have a chance of about 1e-4.
  constexpr double kCorrelation = 0.8;
  const double truth = 6 / std::acos(-1.0) * std::asin(kCorrelation / 2);
  AgreementOptions options;
  options.resamples = 200;
  options.confidence = 0.9;
  int misses = 0;
  for (std::uint64_t draw = 0; draw < 60; ++draw) {
    Random random(draw);
    Values x(120);
    Values y(120);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = random.normal();
      y[i] = kCorrelation * x[i] + std::sqrt(1 - kCorrelation * kCorrelation) * random.normal();
    }
    const Estimate srocc = *agreement(x, y, {}, options).srocc;
    misses += truth < srocc.low || truth > srocc.high;
  }
  EXPECT_LE(misses, 16);
}

TEST(Agreement, RefusesWhatHasNoAnswer) {
  const Values three{1, 2, 3};
  const Values two{1, 2};
  const Values nan{1, std::nan(""), 3};
  EXPECT_THROW(agreement(three, two, {}), InvalidArgument);
  EXPECT_THROW(agreement({}, {}, {}), InvalidArgument);
  EXPECT_THROW(agreement(nan, three, {}), InvalidArgument);
  EXPECT_THROW(agreement(three, three, two), InvalidArgument);
  EXPECT_THROW(agreement(three, three, Values{1, -1, 1}), InvalidArgument);
  EXPECT_THROW(spearman_correlation(three, two), InvalidArgument);
  EXPECT_THROW(kendall_correlation(nan, three), InvalidArgument);
  EXPECT_FALSE(kendall_correlation({}, {}));
  AgreementOptions options;
  options.confidence = 1;
  EXPECT_THROW(agreement(three, three, {}, options), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
