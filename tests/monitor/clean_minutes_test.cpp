#include "monitor/clean_minutes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/random.h"
#include "gradspace/error.h"
#include "monitor/alarm_rule.h"

namespace gradspace::monitor {
namespace {

constexpr std::uint64_t kDayOfMinutes = CleanMinutes::kADay;

/// Rules of which three frames in a row, or of five, raise an alarm, which ends soon.
AlarmRules rules_of_day(double false_alarms_per_day) {
  AlarmRules rules;
  rules.false_alarms_per_day = false_alarms_per_day;
  rules.clear_after = 6;
  rules.at_least_s = 0;
  return rules;
}

/// A camera of six frames a minute whose threshold is that of its clean minutes, where they vouch for one.
class LearningCamera {
 public:
  explicit LearningCamera(const AlarmRules& rules) : minutes(rules), rule_(rules) {}

  /// Whether an alarm was raised.
  bool frame(double score) {
    const bool is_out = minutes.vouched() && score > minutes.vouched()->threshold;
    const bool was_open = rule_.hold().is_open();
    const bool raised =
        rule_.add(is_out, SteadyTime(time_.time_since_epoch())) == AlarmChange::kRaise;
    minutes.add(score, time_, raised, was_open || raised);
    time_ += std::chrono::seconds(10);
    return raised;
  }
  /// Frames of a minute that are all alike, as they are where nothing moves.
  bool minute(double score) {
    bool raised = false;
    for (int i = 0; i < 6; ++i) {
      raised |= frame(score);
    }
    return raised;
  }
  bool is_open() const { return rule_.hold().is_open(); }

  CleanMinutes minutes;

 private:
  FrameAlarmRule rule_;
  MonitorTime time_{std::chrono::hours(1000)};
};

TEST(CleanMinutes, AfterADayTheThresholdIsTheirHighestWhereOneAlarmADayIsAskedFor) {
  LearningCamera camera(rules_of_day(1));
  Random random(1);
  double highest = -1e9;
  for (std::uint64_t i = 0; i < kDayOfMinutes; ++i) {
    EXPECT_FALSE(camera.minutes.vouched()) << i;
    const double score = random.normal();
    highest = std::max(highest, score);
    camera.minute(score);
  }
  camera.frame(0);
  ASSERT_TRUE(camera.minutes.vouched());
  EXPECT_EQ(camera.minutes.vouched()->threshold, highest);
  EXPECT_LE(camera.minutes.vouched()->alarms_per_day, 1);
  EXPECT_EQ(camera.minutes.vouched()->minutes, kDayOfMinutes);
}

TEST(CleanMinutes, SingleFramesThatTheRulePassesOverCountForNothing) {
  LearningCamera camera(rules_of_day(1));
  for (std::uint64_t i = 0; i < kDayOfMinutes; ++i) {
    for (const double score : {1., 100., 1., 1., 100., 2.}) {
      camera.frame(score);
    }
  }
  camera.frame(1);
  ASSERT_TRUE(camera.minutes.vouched());
  EXPECT_EQ(camera.minutes.vouched()->threshold, 2);
}

/// The guarantee, for minutes that are exchangeable: of scores with a light tail and with one so heavy that it has no
/// mean, with frames of a minute that are alike, and with ones that are not.
TEST(CleanMinutes, CleanOnesRaiseNoMoreAlarmsADayThanAskedFor) {
  constexpr int kCameras = 60;
  constexpr std::uint64_t kDaysOfEach = 4;
  for (const double asked : {1.0, 5.0}) {
    for (const bool is_heavy : {false, true}) {
      for (const bool alike : {false, true}) {
        int alarms = 0;
        for (int number = 0; number < kCameras; ++number) {
          LearningCamera camera(rules_of_day(asked));
          Random random(combine(static_cast<std::uint64_t>(number), is_heavy ? 1 : 0));
          const auto draw = [&] {
            const double z = random.normal();
            return is_heavy ? std::pow(random.uniform(), -2.0) : z;
          };
          for (std::uint64_t i = 0; i < (1 + kDaysOfEach) * kDayOfMinutes; ++i) {
            const double level = draw();
            for (int frame = 0; frame < 6; ++frame) {
              alarms += camera.frame(alike ? level : draw()) ? 1 : 0;
            }
          }
        }
        const double expected = asked * kDaysOfEach * kCameras;
        EXPECT_LE(alarms, expected + 4 * std::sqrt(expected)) << asked << is_heavy << alike;
        EXPECT_GE(alarms, 0.1 * expected) << "or the bound says nothing";
      }
    }
  }
}

TEST(CleanMinutes, ANightThatDiffersFromTheDayRaisesNothingOnceItIsKnown) {
  LearningCamera camera(rules_of_day(1));
  Random random(5);
  int alarms = 0;
  for (std::uint64_t i = 0; i < 5 * kDayOfMinutes; ++i) {
    const bool night = i % kDayOfMinutes > kDayOfMinutes / 2;
    alarms += camera.minute(random.normal() + (night ? 20 : 0)) ? 1 : 0;
  }
  EXPECT_LE(alarms, 4 + 3);
}

TEST(CleanMinutes, AMildFaultRaisesAnAlarmAndDoesNotEndItItself) {
  LearningCamera camera(rules_of_day(1));
  Random random(3);
  for (std::uint64_t i = 0; i <= kDayOfMinutes; ++i) {
    camera.minute(random.uniform());
  }
  EXPECT_TRUE(camera.minute(1.5));
  const double threshold = camera.minutes.vouched()->threshold;
  for (std::uint64_t i = 0; i < 2 * kDayOfMinutes; ++i) {
    camera.minute(1.5);
    ASSERT_TRUE(camera.is_open());
    ASSERT_EQ(camera.minutes.vouched()->threshold, threshold) << "nothing is learned meanwhile";
  }
  camera.minute(0);
  camera.minute(0);
  EXPECT_FALSE(camera.is_open());
  EXPECT_FALSE(camera.minutes.vouched()) << "the one alarm that a day may have is used up";
  for (std::uint64_t i = 0; i < kDayOfMinutes; ++i) {
    camera.minute(random.uniform());
  }
  EXPECT_TRUE(camera.minutes.vouched()) << "two days may have two";
}

TEST(CleanMinutes, RareAlarmsTakeAsManyDays) {
  LearningCamera camera(rules_of_day(0.25));
  for (std::uint64_t i = 0; i < 6 * kDayOfMinutes; ++i) {
    camera.minute(0);
    if (i < 4 * kDayOfMinutes - 2) {
      ASSERT_FALSE(camera.minutes.vouched()) << i;
    }
  }
  ASSERT_TRUE(camera.minutes.vouched());
  EXPECT_LE(camera.minutes.vouched()->alarms_per_day, 0.25);
}

TEST(CleanMinutes, OnesSavedAndRestoredGoOnAsOnesThatWereNotStopped) {
  const AlarmRules rules = rules_of_day(1);
  LearningCamera whole(rules);
  LearningCamera stopped(rules);
  Random random(11);
  for (std::uint64_t i = 0; i < 3 * kDayOfMinutes; ++i) {
    const double score = random.normal() + (i == 2000 ? 50 : 0);
    const bool raised = whole.minute(score);
    if (i % 97 == 0 || (i > 2000 && i < 2003)) {
      CleanMinutes next(rules);
      next.restore(nlohmann::json::parse(stopped.minutes.save().dump()));
      stopped.minutes = next;
    }
    ASSERT_EQ(stopped.minute(score), raised) << i;
    ASSERT_EQ(stopped.minutes.save(), whole.minutes.save()) << i;
  }
  AlarmRules others = rules;
  others.raise_after = 2;
  CleanMinutes fresh(others);
  fresh.restore(whole.minutes.save());
  EXPECT_FALSE(fresh.vouched()) << "severities of other rules are others";
}

TEST(CleanMinutes, AClockThatIsPutBackEndsNoMinute) {
  CleanMinutes minutes(rules_of_day(1));
  const MonitorTime begin{std::chrono::hours(1000)};
  for (int i = 0; i < 100'000; ++i) {
    minutes.add(0, begin + std::chrono::seconds(i % 2 == 0 ? 0 : 50), false, false);
  }
  EXPECT_EQ(minutes.save()["days"][0]["clean"], 0);
}

TEST(CleanMinutes, RefuseADamagedState) {
  const nlohmann::json whole = [] {
    LearningCamera camera(rules_of_day(1));
    for (int i = 0; i < 9; ++i) {
      camera.minute(i);
    }
    return camera.minutes.save();
  }();
  const auto damage = [&](const std::string& pointer, const nlohmann::json& value) {
    nlohmann::json saved = whole;
    saved[nlohmann::json::json_pointer(pointer)] = value;
    return saved;
  };
  for (const nlohmann::json& saved :
       {nlohmann::json::object(), damage("/days", nlohmann::json::array()), damage("/days", 3),
        damage("/days/0/clean", 1441), damage("/days/0/clean", -1), damage("/days/0/clean", 2),
        damage("/days/0/severest", {1, 2}), damage("/days/0/severest/0", "x"),
        damage("/recent", {1, 1, 1, 1, 1, 1}), damage("/minute/begin", 5),
        damage("/minute/severity", "x"), damage("/minute/raised", 0),
        damage("/held", nlohmann::json::object())}) {
    CleanMinutes minutes(rules_of_day(1));
    EXPECT_THROW(minutes.restore(saved), FormatError) << saved;
    EXPECT_EQ(minutes.save(), CleanMinutes(rules_of_day(1)).save());
  }
}

}  // namespace
}  // namespace gradspace::monitor
