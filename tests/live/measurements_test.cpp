#include "live/measurements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_monitor.h"

namespace gradspace::live {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Measurements, SayWhatTheMonitorSays) {
  testing::FakeMonitor monitor;
  Measurements measurements;
  ServerCounts server;
  server.requests = 12;
  const std::string text = measurements.text(monitor, server);
  EXPECT_THAT(text, HasSubstr("gradspace_frames_total{camera=\"gate\"} 100"));
  EXPECT_THAT(text, HasSubstr("# TYPE gradspace_frames_total counter"));
  EXPECT_THAT(text, HasSubstr("gradspace_camera_connected{camera=\"yard\"} 0"));
  EXPECT_THAT(text, HasSubstr("gradspace_score{camera=\"gate\"} 1.5"));
  EXPECT_THAT(text, Not(HasSubstr("gradspace_score{camera=\"yard\"}")));
  EXPECT_THAT(text, HasSubstr("gradspace_alarms_open{camera=\"gate\",kind=\"drift\"} 0"));
  EXPECT_THAT(text, HasSubstr("gradspace_http_requests_total 12"));
  EXPECT_THAT(text, HasSubstr("gradspace_ready 1"));
}

TEST(Measurements, LatenciesFallIntoBuckets) {
  testing::FakeMonitor monitor;
  Measurements measurements;
  const ServerCounts server;
  FrameVerdict verdict = testing::make_verdict("gate", 1);
  verdict.latency_s = 0.03;
  measurements.on_verdict(verdict);
  verdict.latency_s = 7;
  measurements.on_verdict(verdict);
  verdict.failure = "unreadable";
  measurements.on_verdict(verdict);
  const std::string text = measurements.text(monitor, server);
  EXPECT_THAT(text,
              HasSubstr("gradspace_frame_latency_seconds_bucket{camera=\"gate\",le=\"0.02\"} 0"));
  EXPECT_THAT(text,
              HasSubstr("gradspace_frame_latency_seconds_bucket{camera=\"gate\",le=\"0.035\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("gradspace_frame_latency_seconds_bucket{camera=\"gate\",le=\"+Inf\"} 2"));
  EXPECT_THAT(text, HasSubstr("gradspace_frame_latency_seconds_count{camera=\"gate\"} 2"));
}

TEST(Measurements, ForgetCamerasThatAreGone) {
  testing::FakeMonitor monitor;
  Measurements measurements;
  const ServerCounts server;
  measurements.on_verdict(testing::make_verdict("old", 1));
  EXPECT_THAT(measurements.text(monitor, server), Not(HasSubstr("camera=\"old\"")));
  EXPECT_THAT(measurements.text(monitor, server), Not(HasSubstr("camera=\"old\"")));
}

TEST(Measurements, CountDeliveries) {
  testing::FakeMonitor monitor;
  Measurements measurements;
  measurements.count_delivery("webhook", "failed");
  measurements.count_delivery("webhook", "failed");
  measurements.set_waiting("webhook", 3);
  const std::string text = measurements.text(monitor, ServerCounts());
  EXPECT_THAT(text,
              HasSubstr("gradspace_deliveries_total{output=\"webhook\",result=\"failed\"} 2"));
  EXPECT_THAT(text, HasSubstr("gradspace_deliveries_waiting{output=\"webhook\"} 3"));
}

}  // namespace
}  // namespace gradspace::live
