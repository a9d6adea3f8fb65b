// What pages hear of: verdicts, thinned; alarms; the state of cameras. And what a page that opens now has missed.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gradspace/monitor.h"

namespace gradspace::live {

/// All functions may be called from any thread. Memory is bounded, whoever listens.
class EventHub {
 public:
  void on_verdict(const FrameVerdict& verdict);
  void on_alarm(const MonitorAlarm& alarm);

  /// Of what came since the last call, as server-sent events in one text: of each camera the newest verdict, with the
  /// highest score meanwhile; every alarm. Empty where nothing came.
  std::string take();
  /// The cameras' state as an event. Notes drift for the history, and forgets cameras that are no more there.
  std::string state_event(const std::vector<CameraStatus>& cameras, const MonitorHealth& health);
  /// Scores of the last quarter of an hour, one a second, and drift windows: JSON.
  std::string history() const;

 private:
  struct Point {
    std::int64_t time_ms = 0;
    double highest = 0;
    double p_value = 1;
    bool out_of_distribution = false;
  };
  struct DriftPoint {
    std::int64_t time_ms = 0;
    std::uint64_t window = 0;
    double p_value = 1;
  };
  struct Camera {
    FrameVerdict newest;
    bool is_new = false;
    double highest = 0;  ///< since the last event
    std::uint64_t frames = 0;
    bool out_of_distribution = false;
    std::deque<Point> points;
    std::deque<DriftPoint> drift;
  };

  static void keep_point(Camera& camera, const FrameVerdict& verdict);

  mutable std::mutex mutex_;
  std::map<std::string, Camera, std::less<>> cameras_;
  std::deque<std::string> alarms_;  ///< events that wait
};

/// One event: `data` is JSON on one line.
std::string server_sent_event(std::string_view name, std::string_view data);

}  // namespace gradspace::live
