#include "live/event_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_monitor.h"
#include "live/rows.h"

namespace gradspace::live {
namespace {

using testing::make_alarm;
using testing::make_verdict;

/// The data of the first event of that name; null where there is none.
nlohmann::json event_data(const std::string& text, const std::string& name) {
  const std::string head = "event: " + name + "\ndata: ";
  const auto begin = text.find(head);
  if (begin == std::string::npos) {
    return nullptr;
  }
  const auto end = text.find("\n\n", begin);
  return nlohmann::json::parse(text.substr(begin + head.size(), end - begin - head.size()));
}

TEST(EventHub, TellsTheNewestVerdictAndTheHighestScoreSinceTheLastTime) {
  EventHub hub;
  EXPECT_EQ(hub.take(), "");
  hub.on_verdict(make_verdict("gate", 1, 1));
  hub.on_verdict(make_verdict("gate", 9, 2));
  hub.on_verdict(make_verdict("gate", 2, 3));
  hub.on_verdict(make_verdict("yard", -4, 1));
  const auto rows = event_data(hub.take(), "verdicts");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["camera"], "gate");
  EXPECT_EQ(rows[0]["number"], 3);
  EXPECT_EQ(rows[0]["score"], 2);
  EXPECT_EQ(rows[0]["highest_score"], 9);
  EXPECT_EQ(rows[0]["frames"], 3);
  EXPECT_EQ(rows[0]["any_out_of_distribution"], true);
  EXPECT_EQ(rows[1]["highest_score"], -4);
  EXPECT_EQ(hub.take(), "");
  hub.on_verdict(make_verdict("gate", 1, 4));
  const auto next = event_data(hub.take(), "verdicts");
  EXPECT_EQ(next[0]["highest_score"], 1);
  EXPECT_EQ(next[0]["any_out_of_distribution"], false);
}

TEST(EventHub, TellsFailuresWithoutScores) {
  EventHub hub;
  FrameVerdict verdict = make_verdict("gate", 1);
  verdict.failure = "is no image\n\nevent: alarm";
  hub.on_verdict(verdict);
  const std::string text = hub.take();
  const auto rows = event_data(text, "verdicts");
  EXPECT_EQ(rows[0]["failure"], "is no image\n\nevent: alarm");
  EXPECT_FALSE(rows[0].contains("score"));
  EXPECT_EQ(event_data(text, "alarm"), nullptr);  // text can't begin an event
}

TEST(EventHub, AlarmsAreAllToldAndBounded) {
  EventHub hub;
  hub.on_alarm(make_alarm("a-1"));
  hub.on_alarm(make_alarm("a-2"));
  const std::string text = hub.take();
  EXPECT_THAT(text, ::testing::HasSubstr("a-1"));
  EXPECT_THAT(text, ::testing::HasSubstr("a-2"));
  for (int i = 0; i < 5000; ++i) {
    hub.on_alarm(make_alarm("b-" + std::to_string(i)));
  }
  const std::string many = hub.take();
  EXPECT_THAT(many, ::testing::Not(::testing::HasSubstr("\"b-3999\"")));
  EXPECT_THAT(many, ::testing::HasSubstr("\"b-4999\""));
}

TEST(EventHub, HistoryHasAPointASecondAndIsBounded) {
  EventHub hub;
  FrameVerdict verdict = make_verdict("gate", 1, 1);
  hub.on_verdict(verdict);
  verdict.score = 5;
  verdict.time += std::chrono::milliseconds(400);
  hub.on_verdict(verdict);
  auto history = nlohmann::json::parse(hub.history());
  ASSERT_EQ(history["gate"]["scores"].size(), 1U);
  EXPECT_EQ(history["gate"]["scores"][0][1], 5);
  for (std::uint64_t i = 0; i < 3000; ++i) {
    hub.on_verdict(make_verdict("gate", 1, 10 + i));
  }
  history = nlohmann::json::parse(hub.history());
  EXPECT_EQ(history["gate"]["scores"].size(), 900U);
}

TEST(EventHub, StateForgetsCamerasAndNotesDrift) {
  EventHub hub;
  testing::FakeMonitor monitor;
  hub.on_verdict(make_verdict("old", 1));
  monitor.statuses[0].drift_windows = 1;
  monitor.statuses[0].drift_p_value = 0.25;
  const auto state = event_data(hub.state_event(monitor.cameras(), monitor.health()), "state");
  EXPECT_EQ(state["cameras"][1]["trouble"], "no such <device>");
  EXPECT_TRUE(state["health"]["ready"]);
  static_cast<void>(hub.state_event(monitor.cameras(), monitor.health()));
  monitor.statuses[0].drift_windows = 2;
  static_cast<void>(hub.state_event(monitor.cameras(), monitor.health()));
  const auto history = nlohmann::json::parse(hub.history());
  EXPECT_FALSE(history.contains("old"));
  ASSERT_EQ(history["gate"]["drift"].size(), 2U);
  EXPECT_EQ(history["gate"]["drift"][0][1], 1);
  EXPECT_EQ(history["gate"]["drift"][0][2], 0.25);
}

TEST(Rows, TimesAreUtcWithMilliseconds) {
  // date -u -d @1700000000
  EXPECT_EQ(utc_text(MonitorTime(std::chrono::milliseconds(1'700'000'000'007))),
            "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(utc_text(MonitorTime(std::chrono::milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(Rows, PasswordsInAddressesAreNotShown) {
  EXPECT_EQ(shown_text("rtsp://user:p@ss@cam/1?x=a@b: gone, then http://u@h and http://h/@x"),
            "rtsp://***@cam/1?x=a@b: gone, then http://***@h and http://h/@x");
  EXPECT_EQ(shown_text("a://"), "a://");
  CameraStatus status;
  status.trouble = "rtsp://user:secret@cam: no answer";
  EXPECT_EQ(camera_row(status)["trouble"], "rtsp://***@cam: no answer");
}

TEST(Rows, BytesThatAreNoUtf8DoNotStopALine) {
  FrameVerdict verdict = make_verdict("gate", 1);
  verdict.frame = "a\xff.jpg";
  verdict.cause = "\xfe";
  EXPECT_TRUE(nlohmann::json::accept(one_line(verdict_row(verdict))));
  EXPECT_EQ(one_line(verdict_row(verdict)).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace gradspace::live
