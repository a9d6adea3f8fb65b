#include "gradspace/bd_rate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using Curve = std::vector<RatePoint>;

Curve curve_of(const nlohmann::json& points) {
  Curve curve;
  for (const auto& point : points) {
    curve.push_back({point[0], point[1]});
  }
  return curve;
}

/// A curve with a constant slope: quality grows by `slope` with each e-fold of the rate.
Curve straight(double scale, double slope, std::size_t points = 5) {
  Curve curve;
  for (std::size_t i = 0; i < points; ++i) {
    const double log_rate = 0.4 * static_cast<double>(i);
    curve.push_back({scale * std::exp(log_rate), 30 + slope * log_rate});
  }
  return curve;
}

/// Made by tests/statistics/bd_rate_oracle.py.
TEST(BdRate, IsWhatScipyAndNumpyFind) {
  const std::filesystem::path path = testing::data_file("quality/bd_rate.json");
  const nlohmann::json cases = parse_json(read_text_file(path), path.string());
  ASSERT_GE(cases.size(), 9U);
  for (const auto& one : cases) {
    SCOPED_TRACE(one["name"]);
    const Curve anchor = curve_of(one["anchor"]);
    const Curve tested = curve_of(one["tested"]);
    for (const auto interpolation : {RateInterpolation::kPchip, RateInterpolation::kCubic}) {
      const std::string word(name(interpolation));
      const RateComparison ours =
          compare_rates(anchor, tested, one["larger_is_better"], interpolation);
      if (!one.contains(word)) {
        EXPECT_THAT(ours.refusal, HasSubstr("points that cubic needs"));
        continue;
      }
      EXPECT_EQ(ours.refusal, "");
      const double rate = one[word]["bd_rate"];
      const double quality = one[word]["bd_quality"];
      // NumPy's polynomials are in powers of unscaled scores, which leaves them some nine digits.
      EXPECT_NEAR(*ours.bd_rate, rate, 1e-7 * (100 + std::abs(rate))) << word;
      EXPECT_NEAR(*ours.bd_quality, quality, 1e-8 * (1 + std::abs(quality))) << word;
    }
  }
}

TEST(BdRate, OfACodecThatAlwaysSpendsTwentyPerCentLess) {
  for (const auto interpolation : {RateInterpolation::kPchip, RateInterpolation::kCubic}) {
    const RateComparison less =
        compare_rates(straight(1, 3), straight(0.8, 3), true, interpolation);
    EXPECT_NEAR(*less.bd_rate, -20, 1e-9);
    EXPECT_NEAR(*less.bd_quality, -3 * std::log(0.8), 1e-9);
    EXPECT_EQ(less.lowest_quality, 30);
    EXPECT_NEAR(less.highest_quality, 30 + 3 * 1.6, 1e-12);
    const RateComparison back =
        compare_rates(straight(0.8, 3), straight(1, 3), true, interpolation);
    EXPECT_NEAR(*back.bd_rate, 25, 1e-9);
  }
}

TEST(BdRate, DoesNotDependOnOrderOrUnit) {
  Curve anchor = straight(1, 3);
  Curve tested{{0.7, 30.5}, {1.1, 33}, {2.5, 34}, {4, 36}};
  const RateComparison comparison = compare_rates(anchor, tested);
  std::ranges::reverse(anchor);
  std::swap(tested[0], tested[2]);
  EXPECT_EQ(compare_rates(anchor, tested).bd_rate, comparison.bd_rate);
  for (Curve* curve : {&anchor, &tested}) {
    for (RatePoint& point : *curve) {
      point.rate *= 1000;
    }
  }
  EXPECT_NEAR(*compare_rates(anchor, tested).bd_rate, *comparison.bd_rate, 1e-9);
}

TEST(BdRate, OfScoresThatAreBetterWhenSmaller) {
  Curve anchor = straight(1, 3);
  Curve tested = straight(0.9, 3.3);
  const RateComparison upright = compare_rates(anchor, tested);
  for (Curve* curve : {&anchor, &tested}) {
    for (RatePoint& point : *curve) {
      point.quality = -point.quality;
    }
  }
  const RateComparison turned = compare_rates(anchor, tested, false);
  EXPECT_EQ(turned.bd_rate, upright.bd_rate);
  EXPECT_EQ(*turned.bd_quality, -*upright.bd_quality);
  EXPECT_EQ(turned.lowest_quality, -upright.highest_quality);
  EXPECT_EQ(turned.highest_quality, -upright.lowest_quality);
  EXPECT_THAT(compare_rates(anchor, tested, true).refusal, HasSubstr("does not get better"));
}

TEST(BdRate, IsRefusedWithAReason) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Curve good = straight(1, 3);
  const auto refusal = [&](const Curve& curve,
                           RateInterpolation interpolation = RateInterpolation::kPchip) {
    const RateComparison comparison = compare_rates(good, curve, true, interpolation);
    EXPECT_FALSE(comparison.bd_rate || comparison.bd_quality);
    return comparison.refusal;
  };
  EXPECT_EQ(refusal({}), "the tested curve has 0 of the 2 points that pchip needs");
  EXPECT_THAT(refusal({{1, 30}}), HasSubstr("1 of the 2"));
  EXPECT_THAT(refusal({{1, 30}, {2, 31}, {3, 32}}, RateInterpolation::kCubic),
              HasSubstr("3 of the 4 points that cubic needs"));
  EXPECT_THAT(refusal({{0, 30}, {2, 31}}), HasSubstr("rate is 0"));
  EXPECT_THAT(refusal({{1, 30}, {infinity, 31}}), HasSubstr("rate is inf"));
  EXPECT_THAT(refusal({{1, 30}, {2, infinity}}), HasSubstr("not finite"));
  EXPECT_THAT(refusal({{1, 30}, {2, std::nan("")}}), HasSubstr("not finite"));
  EXPECT_THAT(refusal({{1, 30}, {2, 31}, {3, 30.5}}), HasSubstr("from rate 2 to 3"));
  EXPECT_THAT(refusal({{1, 30}, {1, 31}}), HasSubstr("does not get better"));
  EXPECT_THAT(refusal({{1, 31}, {2, 31}}), HasSubstr("does not get better"));
  EXPECT_THAT(refusal({{1, 40}, {2, 41}}), HasSubstr("no range of quality in common"));
  EXPECT_THAT(compare_rates({}, good).refusal, HasSubstr("the anchor has 0"));
}

TEST(BdRate, NeedsNoCommonRate) {
  const RateComparison comparison = compare_rates(straight(1, 3), straight(100, 3));
  EXPECT_NEAR(*comparison.bd_rate, 9900, 1e-6);
  EXPECT_FALSE(comparison.bd_quality);
}

TEST(BdRate, NamesOfInterpolations) {
  EXPECT_EQ(parse_rate_interpolation("cubic"), RateInterpolation::kCubic);
  EXPECT_EQ(name(parse_rate_interpolation("pchip")), "pchip");
  EXPECT_THROW(parse_rate_interpolation("akima"), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
