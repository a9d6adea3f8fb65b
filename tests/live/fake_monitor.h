// A monitor without cameras: what is seen is what a test put there.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "gradspace/error.h"
#include "live/monitor_view.h"

namespace gradspace::live::testing {

inline MonitorAlarm make_alarm(const std::string& id, const std::string& camera = "gate") {
  MonitorAlarm alarm;
  alarm.id = id;
  alarm.camera = camera;
  alarm.raised = MonitorTime(std::chrono::milliseconds(1'700'000'000'123));
  alarm.cause = "rain";
  alarm.highest_score = 7.5;
  alarm.lowest_p_value = 0.001;
  return alarm;
}

inline FrameVerdict make_verdict(const std::string& camera, double score,
                                 std::uint64_t number = 1) {
  FrameVerdict verdict;
  verdict.camera = camera;
  verdict.number = number;
  verdict.time = MonitorTime(
      std::chrono::milliseconds(1'700'000'000'000 + static_cast<std::int64_t>(number) * 1000));
  verdict.score = score;
  verdict.p_value = 0.5;
  verdict.threshold = 3;
  verdict.out_of_distribution = score > verdict.threshold;
  verdict.latency_s = 0.012;
  return verdict;
}

class FakeMonitor final : public MonitorView {
 public:
  FakeMonitor() {
    CameraStatus gate;
    gate.name = "gate";
    gate.detector_method = "photograph-image";
    gate.connected = true;
    gate.frames = 100;
    gate.judged = 98;
    gate.threshold = 3;
    gate.newest = make_verdict("gate", 1.5, 98);
    CameraStatus yard;
    yard.name = "yard";
    yard.trouble = "no such <device>";
    statuses = {gate, yard};
  }

  std::vector<CameraStatus> cameras() const override {
    const std::lock_guard lock(mutex);
    return statuses;
  }
  MonitorHealth health() const override {
    const std::lock_guard lock(mutex);
    return state;
  }
  std::vector<MonitorAlarm> alarms(std::size_t at_most) const override {
    const std::lock_guard lock(mutex);
    return {raised.begin(),
            raised.begin() + static_cast<std::ptrdiff_t>(std::min(at_most, raised.size()))};
  }
  bool acknowledge(std::string_view alarm_id) override {
    const std::lock_guard lock(mutex);
    acknowledged.emplace_back(alarm_id);
    return std::ranges::find(raised, alarm_id, &MonitorAlarm::id) != raised.end();
  }
  void confirm_delivery(const MonitorAlarm& told) override {
    const std::lock_guard lock(mutex);
    confirmed.push_back(told.id);
  }
  void confirm_written(const MonitorAlarm& told) override {
    const std::lock_guard lock(mutex);
    written.push_back(told.id);
  }
  Monitor::Pushed push(std::string_view camera, std::span<const std::uint8_t> file) override {
    const std::lock_guard lock(mutex);
    if (camera == "gate") {
      return Monitor::Pushed::kNotPushed;
    }
    if (camera != "yard") {
      return Monitor::Pushed::kNoSuchCamera;
    }
    if (file.empty()) {
      throw FormatError("the frame is no image");
    }
    pushed.emplace_back(file.begin(), file.end());
    return Monitor::Pushed::kTaken;
  }
  std::vector<std::uint8_t> newest_frame_jpeg(std::string_view camera, int width,
                                              bool) const override {
    const std::lock_guard lock(mutex);
    ++encoded;
    widths.push_back(width);
    return camera == "gate" ? std::vector<std::uint8_t>(frame_bytes, 0xd8)
                            : std::vector<std::uint8_t>();
  }
  std::vector<std::uint8_t> snapshot(std::string_view alarm_id) const override {
    const std::lock_guard lock(mutex);
    return alarm_id == "gate-frames-1" ? std::vector<std::uint8_t>(10, 0xff)
                                       : std::vector<std::uint8_t>();
  }

  mutable std::mutex mutex;
  std::vector<CameraStatus> statuses;
  MonitorHealth state{true, false, false, ""};
  std::vector<MonitorAlarm> raised = {make_alarm("gate-frames-1")};
  std::vector<std::string> acknowledged;
  std::vector<std::string> confirmed;
  std::vector<std::string> written;
  std::vector<std::vector<std::uint8_t>> pushed;
  std::size_t frame_bytes = 1000;
  mutable int encoded = 0;
  mutable std::vector<int> widths;
};

}  // namespace gradspace::live::testing
