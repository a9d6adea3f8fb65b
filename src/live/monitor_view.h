// What server and outputs ask of the monitor. Tests have one without cameras.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "gradspace/monitor.h"

namespace gradspace::live {

/// The functions are Monitor's; all may be called from any thread.
class MonitorView {
 public:
  virtual ~MonitorView() = default;
  virtual std::vector<CameraStatus> cameras() const = 0;
  virtual MonitorHealth health() const = 0;
  virtual std::vector<MonitorAlarm> alarms(std::size_t at_most) const = 0;
  virtual bool acknowledge(std::string_view alarm_id) = 0;
  virtual void confirm_delivery(const MonitorAlarm& told) = 0;
  virtual void confirm_written(const MonitorAlarm& told) = 0;
  virtual Monitor::Pushed push(std::string_view camera, std::span<const std::uint8_t> file) = 0;
  virtual std::vector<std::uint8_t> newest_frame_jpeg(std::string_view camera, int width,
                                                      bool map) const = 0;
  virtual std::vector<std::uint8_t> snapshot(std::string_view alarm_id) const = 0;
};

}  // namespace gradspace::live
