#include "monitor/alarm_rule.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace::monitor {
namespace {

/// Plays frames a second apart, 'x' out of distribution, and tells what each brings: '+' an alarm, '-' its end.
std::string play(FrameAlarmRule& rule, std::string_view frames, int begin_s = 0) {
  std::string changes;
  for (const char frame : frames) {
    const SteadyTime now{std::chrono::seconds(begin_s++)};
    switch (rule.add(frame == 'x', now)) {
      case AlarmChange::kNone:
        changes += '.';
        break;
      case AlarmChange::kRaise:
        changes += '+';
        break;
      case AlarmChange::kClear:
        changes += '-';
        break;
    }
  }
  return changes;
}

AlarmRules rules_of(int after, int within, int clear, double at_least_s) {
  AlarmRules rules;
  rules.raise_after = after;
  rules.raise_within = within;
  rules.clear_after = clear;
  rules.at_least_s = at_least_s;
  return rules;
}

TEST(FrameAlarmRule, RaisesAfterSomeOfTheLastFramesAndClearsAfterCleanOnes) {
  FrameAlarmRule rule(rules_of(3, 5, 4, 0));
  EXPECT_EQ(play(rule, "x..x..x..x"), "..........");
  EXPECT_EQ(play(rule, "x.x", 10), "+..") << "x..x.x: three of the last five";
  FrameAlarmRule other(rules_of(3, 5, 4, 0));
  EXPECT_EQ(play(other, "xxx...x....xxx"), "..+.......-..+");
}

TEST(FrameAlarmRule, HoldsAnAlarmSoThatTheNextOneComesNoEarlierThanAsked) {
  FrameAlarmRule rule(rules_of(2, 2, 2, 20));
  EXPECT_EQ(play(rule, "xx..xx..xx............xx"), ".+...................-.+");
}

TEST(FrameAlarmRule, OneSavedAndRestoredGoesOnAsOneThatWasNotStopped) {
  Random random(7);
  const AlarmRules rules = rules_of(3, 6, 5, 0);
  FrameAlarmRule whole(rules);
  FrameAlarmRule stopped(rules);
  for (int i = 0; i < 2000; ++i) {
    const std::string frame = random.chance(0.3) ? "x" : ".";
    if (i % 17 == 0) {
      FrameAlarmRule next(rules);
      next.restore(nlohmann::json::parse(stopped.save().dump()));
      if (stopped.hold().is_open()) {
        next.hold().reopen({});
      }
      stopped = next;
    }
    ASSERT_EQ(play(whole, frame, i), play(stopped, frame, i)) << i;
  }
}

TEST(FrameAlarmRule, RefusesADamagedState) {
  for (const char* text : {"{}", "[]", R"({"recent": 3, "clean_in_a_row": 0})",
                           R"({"recent": [1], "clean_in_a_row": 0})",
                           R"({"recent": [], "clean_in_a_row": -1})", R"({"recent": []})"}) {
    FrameAlarmRule rule{AlarmRules()};
    EXPECT_THROW(rule.restore(nlohmann::json::parse(text)), FormatError) << text;
  }
}

}  // namespace
}  // namespace gradspace::monitor
