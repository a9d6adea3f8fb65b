#include "gradspace/drift.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "core/random.h"
#include "gradspace/error.h"
#include "statistics/kolmogorov_smirnov.h"
#include "support/python.h"
#include "support/random_scores.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using testing::normal_scores;
using ::testing::ThrowsMessage;

TEST(KolmogorovSmirnov, GivesWhatCountingGives) {
  // Of the 6 orders of two and two values, 2 separate them wholly, and all 6 somewhere by a half.
  EXPECT_NEAR(kolmogorov_smirnov_p_value(2, 2, 1), 2.0 / 6, 1e-15);
  EXPECT_NEAR(kolmogorov_smirnov_p_value(2, 2, 0.5), 1, 1e-15);
  // 2 of the C(30, 10) orders: far under what 1 - P could hold.
  EXPECT_NEAR(kolmogorov_smirnov_p_value(10, 20, 1) * 30045015.0, 2, 1e-9);
  EXPECT_THROW(kolmogorov_smirnov_p_value(0, 5, 0.5), InvalidArgument);
  EXPECT_THROW(kolmogorov_smirnov_p_value(1U << 20, 1U << 20, 0.5), InvalidArgument);
}

TEST(KolmogorovSmirnov, AgreesWithScipy) {
  if (!testing::python_has("scipy")) {
    GTEST_SKIP() << "scipy is not installed";
  }
  struct Case {
    std::size_t a, b, steps;
  };
  const std::vector<Case> cases{{20, 50, 14}, {100, 400, 60}, {33, 77, 20}, {50, 50, 33}};
  std::string lines;
  for (const Case& c : cases) {
    lines += fmt::format("{} {} {}\\n", c.a, c.b, c.steps);
  }
  const auto output = testing::run_shell(fmt::format(
      "printf '{}' | {} {}/../detect/scipy_ks.py", lines, GRADSPACE_PYTHON, GRADSPACE_TEST_FILES));
  ASSERT_EQ(output.status, 0);
  std::istringstream results(output.text);
  for (const Case& c : cases) {
    double statistic = 0;
    double p_value = 0;
    results >> statistic >> p_value;
    // a x b sums of doubles: relative errors of at most 40 000 x 1.1e-16 in either.
    EXPECT_NEAR(kolmogorov_smirnov_p_value(c.a, c.b, statistic) / p_value, 1, 1e-9) << c.a;
  }
}

/// Whether any of `windows` windows of a stream raises an alarm; scores are shifted from `change` on.
std::uint64_t first_alarm(std::uint64_t seed, std::size_t clean, const DriftOptions& options,
                          std::size_t windows, double shift) {
  DriftMonitor monitor(Calibration(normal_scores(clean, combine(seed, 1))), options);
  for (const double score : normal_scores(windows * options.window, combine(seed, 2))) {
    const auto window = monitor.add(score + shift);
    if (window && window->drifted) {
      return window->number;
    }
  }
  return 0;
}

TEST(DriftMonitor, RaisesNoMoreFalseAlarmsThanItSays) {
  // 400 clean streams of 20 windows, each alarmed with a probability of at most 0.1: more than 70 alarms
  // have a probability under 1e-6 (binomial: mean 40, deviation 6). Few clean scores, so that what all
  // windows share counts.
  int alarms = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    alarms += first_alarm(seed, 60, {40, 0.1}, 20, 0) > 0 ? 1 : 0;
  }
  EXPECT_LE(alarms, 70);
  EXPECT_GE(alarms, 1) << "a test that never rejects has no power";
}

TEST(DriftMonitor, FindsAShiftThatNoSingleImageShows) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::uint64_t window = first_alarm(seed, 400, {100, 0.01}, 10, 0.8);
    EXPECT_GT(window, 0U) << seed;
    EXPECT_LE(window, 3U) << seed;
    EXPECT_GT(first_alarm(seed, 400, {100, 0.01}, 10, -0.8), 0U) << "the other way, " << seed;
  }
}

TEST(DriftMonitor, CountsImagesAndWindows) {
  DriftMonitor monitor(Calibration(normal_scores(300, 1)), {50, 0.01});
  std::vector<DriftWindow> windows;
  for (const double score : normal_scores(120, 2)) {
    if (const auto window = monitor.add(score)) {
      windows.push_back(*window);
    }
  }
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[1].number, 2U);
  EXPECT_EQ(windows[1].first_image, 50U);
  EXPECT_DOUBLE_EQ(windows[0].level, 0.01 / 2);
  EXPECT_DOUBLE_EQ(windows[1].level, 0.01 / 6);
  EXPECT_EQ(monitor.images(), 120U);
  EXPECT_THROW(monitor.add(std::numeric_limits<double>::quiet_NaN()), InvalidArgument);
}

TEST(DriftMonitor, OneThatIsRestoredGoesOnAsOneThatWasNotStopped) {
  const Calibration clean(normal_scores(300, 1));
  const DriftOptions options{50, 0.01};
  DriftMonitor whole(clean, options);
  DriftMonitor stopped(clean, options);
  std::size_t i = 0;
  for (const double score : normal_scores(1000, 2)) {
    if (i++ % 7 == 0) {
      DriftMonitor next(clean, options);
      next.restore(stopped.state());
      stopped = next;
    }
    const auto wanted = whole.add(score);
    const auto window = stopped.add(score);
    ASSERT_EQ(window.has_value(), wanted.has_value()) << i;
    if (window) {
      EXPECT_EQ(window->number, wanted->number);
      EXPECT_EQ(window->first_image, wanted->first_image);
      EXPECT_EQ(window->p_value, wanted->p_value);
      EXPECT_EQ(window->level, wanted->level);
    }
  }
}

/// `count` images of a stream that is as it began, then as many that score `shift` more.
std::vector<DriftWindow> windows_of(DriftMonitor& monitor, std::size_t count, double shift,
                                    std::uint64_t seed) {
  std::vector<DriftWindow> windows;
  std::vector<double> scores = normal_scores(2 * count, seed);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (const auto window = monitor.add(i < count ? scores[i] : scores[i] + shift)) {
      windows.push_back(*window);
    }
  }
  return windows;
}

TEST(DriftMonitor, AStreamsOwnReferenceIsACalibrationOfItsFirstImages) {
  const std::vector<double> scores = normal_scores(1000, 3);
  // Scores of a calibration are kept as floats.
  std::vector<double> first(scores.begin(), scores.begin() + 300);
  for (double& score : first) {
    score = static_cast<float>(score);
  }
  DriftMonitor calibrated{Calibration(first), {50, 0.01}};
  // The calibration that it is given is of other images, and is not looked at.
  DriftMonitor own(Calibration(normal_scores(100, 4)), {50, 0.01, 300});
  EXPECT_EQ(own.reference_missing(), 300U);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_FALSE(own.add(scores[i]));
  }
  EXPECT_EQ(own.reference_missing(), 0U);
  for (std::size_t i = 300; i < 1000; ++i) {
    const auto wanted = calibrated.add(static_cast<float>(scores[i]));
    const auto window = own.add(scores[i]);
    ASSERT_EQ(window.has_value(), wanted.has_value()) << i;
    if (window) {
      EXPECT_EQ(window->p_value, wanted->p_value);
      EXPECT_EQ(window->level, wanted->level);
      EXPECT_EQ(window->first_image, wanted->first_image + 300);
    }
  }
  EXPECT_EQ(own.windows(), 14U);
  EXPECT_EQ(own.images(), 1000U);
}

TEST(DriftMonitor, AStreamThatIsAsItBeganIsCleanWhateverTheDetectorWasFittedTo) {
  int alarms = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    DriftMonitor monitor(Calibration(), {40, 0.1, 100});
    for (const DriftWindow& window : windows_of(monitor, 450, 0, seed)) {
      alarms += window.drifted ? 1 : 0;
    }
    DriftMonitor shifted(Calibration(), {40, 0.1, 100});
    EXPECT_TRUE(windows_of(shifted, 450, 2, seed).back().drifted) << seed;
  }
  // Each stream is alarmed with a probability of at most 0.1: more than 30 of 100 are as good as impossible.
  EXPECT_LE(alarms, 30);
}

TEST(DriftMonitor, OneSceneThatComesAgainAndAgainIsNoDrift) {
  DriftMonitor monitor(Calibration(), {20, 0.01, 60});
  for (int i = 0; i < 1000; ++i) {
    const auto window = monitor.add(i % 3 == 0 ? 0.1 : 1.0 / 3);
    EXPECT_FALSE(window && window->statistic > 0.05) << i;
  }
}

TEST(DriftMonitor, OwnReferencesComeBackFromTheirState) {
  const DriftOptions options{50, 0.01, 120};
  DriftMonitor whole(Calibration(), options);
  DriftMonitor stopped(Calibration(), options);
  for (const double score : normal_scores(600, 2)) {
    DriftMonitor next(Calibration(), options);
    next.restore(stopped.state());
    stopped = next;
    const auto wanted = whole.add(score);
    const auto window = stopped.add(score);
    ASSERT_EQ(window.has_value(), wanted.has_value());
    EXPECT_EQ(stopped.reference_missing(), whole.reference_missing());
    if (window) {
      EXPECT_EQ(window->p_value, wanted->p_value);
    }
  }
  for (const DriftState& state : {DriftState{200, 1, {}, std::vector<double>(121)},
                                  DriftState{119, 0, {}, std::vector<double>(120)},
                                  DriftState{100, 0, {1}, std::vector<double>(50)},
                                  DriftState{130, 0, {}, std::vector<double>(120, std::nan(""))}}) {
    EXPECT_THROW(whole.restore(state), InvalidArgument);
  }
  EXPECT_EQ(whole.images(), 600U);
  DriftMonitor without(Calibration(normal_scores(300, 1)), {50, 0.01});
  EXPECT_THROW(without.restore({10, 0, {}, {1, 2}}), InvalidArgument);
}

TEST(DriftMonitor, RefusesAReferenceThatShowsNothing) {
  EXPECT_THROW(DriftMonitor(Calibration(), {100, 0.01, 1}), InvalidArgument);
  EXPECT_THROW(DriftMonitor(Calibration(), {100, 0.01, 8193}), InvalidArgument);
  EXPECT_THAT(
      [] {
        DriftMonitor(Calibration(), {100, 1e-6, 2});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("2 clean ones can't show a drift")));
}

TEST(DriftMonitor, RefusesAStateThatCannotBe) {
  DriftMonitor monitor(Calibration(normal_scores(300, 1)), {50, 0.01});
  for (const DriftState& state :
       {DriftState{100, 2, std::vector<double>(50)}, DriftState{10, 0, std::vector<double>(11)},
        DriftState{1, 2, {}}, DriftState{9, 0, {0, std::nan(""), 1}}}) {
    EXPECT_THROW(monitor.restore(state), InvalidArgument);
  }
  EXPECT_EQ(monitor.images(), 0U);
}

TEST(DriftMonitor, IsMoreCautiousWithThinnedScores) {
  const std::vector<double> clean = normal_scores(20000, 5);
  DriftMonitor thinned(Calibration(clean), {200, 0.01});
  std::optional<DriftWindow> window;
  std::vector<double> stream = normal_scores(200, 6);
  for (const double score : stream) {
    window = thinned.add(score);
  }
  std::ranges::sort(stream);
  double exact = 0;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const auto below = static_cast<double>(
        std::ranges::count_if(clean, [&](double score) { return score < stream[i]; }));
    exact = std::max({exact, static_cast<double>(i + 1) / 200 - below / 20000,
                      below / 20000 - static_cast<double>(i) / 200});
  }
  ASSERT_TRUE(window);
  EXPECT_LE(window->statistic, exact + 1e-12);
  EXPECT_NEAR(window->statistic, exact, 1e-3);
}

TEST(DriftMonitor, RefusesWhatCannotWork) {
  EXPECT_THROW(DriftMonitor(Calibration(), {}), InvalidArgument);
  EXPECT_THAT(
      [] {
        DriftMonitor(Calibration(normal_scores(5, 1)), {4, 0.001});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("take a longer window")));
  EXPECT_THROW(DriftMonitor(Calibration(normal_scores(50, 1)), {1, 0.1}), InvalidArgument);
  EXPECT_THROW(DriftMonitor(Calibration(normal_scores(50, 1)), {10, 1.5}), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
