#include "live/event_hub.h"

#include <fmt/format.h>

#include <algorithm>

#include "live/rows.h"

namespace gradspace::live {
namespace {

constexpr std::size_t kPoints = 900;  // seconds
constexpr std::size_t kDriftPoints = 200;
constexpr std::size_t kWaitingAlarms = 1000;

}  // namespace

std::string server_sent_event(std::string_view name, std::string_view data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, data);
}

void EventHub::keep_point(Camera& camera, const FrameVerdict& verdict) {
  constexpr std::int64_t kSecond = 1000;
  const std::int64_t time = milliseconds(verdict.time);
  if (camera.points.empty() || time / kSecond != camera.points.back().time_ms / kSecond) {
    camera.points.push_back({time, verdict.score, verdict.p_value, verdict.out_of_distribution});
    if (camera.points.size() > kPoints) {
      camera.points.pop_front();
    }
    return;
  }
  Point& last = camera.points.back();
  last.out_of_distribution |= verdict.out_of_distribution;
  if (verdict.score > last.highest) {
    last.highest = verdict.score;
    last.p_value = verdict.p_value;
  }
}

void EventHub::on_verdict(const FrameVerdict& verdict) {
  const std::lock_guard lock(mutex_);
  Camera& camera = cameras_[verdict.camera];
  const bool judged = verdict.failure.empty();
  if (judged) {
    camera.highest = camera.is_new && camera.frames > 0 ? std::max(camera.highest, verdict.score)
                                                        : verdict.score;
    camera.out_of_distribution |= verdict.out_of_distribution;
    keep_point(camera, verdict);
  }
  camera.frames += judged ? 1 : 0;
  camera.newest = verdict;
  camera.newest.tile_p_values.clear();
  camera.is_new = true;
}

void EventHub::on_alarm(const MonitorAlarm& alarm) {
  std::string event = server_sent_event("alarm", one_line(alarm_row(alarm)));
  const std::lock_guard lock(mutex_);
  alarms_.push_back(std::move(event));
  if (alarms_.size() > kWaitingAlarms) {
    alarms_.pop_front();
  }
}

std::string EventHub::take() {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  std::string text;
  const std::lock_guard lock(mutex_);
  for (auto& [name, camera] : cameras_) {
    if (!camera.is_new) {
      continue;
    }
    nlohmann::ordered_json row = verdict_row(camera.newest);
    row["ms"] = milliseconds(camera.newest.time);
    row["frames"] = camera.frames;
    if (camera.frames > 0) {
      row["highest_score"] = camera.highest;
      row["any_out_of_distribution"] = camera.out_of_distribution;
    }
    rows.push_back(std::move(row));
    camera.is_new = false;
    camera.frames = 0;
    camera.out_of_distribution = false;
  }
  if (!rows.empty()) {
    text = server_sent_event("verdicts", one_line(rows));
  }
  for (const std::string& event : alarms_) {
    text += event;
  }
  alarms_.clear();
  return text;
}

std::string EventHub::state_event(const std::vector<CameraStatus>& cameras,
                                  const MonitorHealth& health) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  const std::int64_t now = milliseconds(std::chrono::system_clock::now());
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(cameras_, [&](const auto& entry) {
      return std::ranges::find(cameras, entry.first, &CameraStatus::name) == cameras.end();
    });
    for (const CameraStatus& status : cameras) {
      std::deque<DriftPoint>& drift = cameras_[status.name].drift;
      const bool first = drift.empty() && status.drift_windows > 0;
      if (first || (!drift.empty() && status.drift_windows != drift.back().window)) {
        drift.push_back({now, status.drift_windows, status.drift_p_value});
        if (drift.size() > kDriftPoints) {
          drift.pop_front();
        }
      }
    }
  }
  for (const CameraStatus& status : cameras) {
    rows.push_back(camera_row(status));
  }
  return server_sent_event(
      "state", one_line({{"now", now}, {"cameras", rows}, {"health", health_row(health)}}));
}

std::string EventHub::history() const {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, camera] : cameras_) {
    nlohmann::ordered_json points = nlohmann::ordered_json::array();
    for (const Point& point : camera.points) {
      points.push_back({point.time_ms, point.highest, point.p_value, point.out_of_distribution});
    }
    nlohmann::ordered_json drift = nlohmann::ordered_json::array();
    for (const DriftPoint& point : camera.drift) {
      drift.push_back({point.time_ms, point.window, point.p_value});
    }
    out[name] = {{"scores", points}, {"drift", drift}};
  }
  return one_line(out);
}

}  // namespace gradspace::live
