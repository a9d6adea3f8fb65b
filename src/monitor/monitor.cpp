#include "gradspace/monitor.h"

#include "monitor/monitor_core.h"

namespace gradspace {

struct Monitor::State {
  monitor::MonitorCore core;
};

Monitor::Monitor(const MonitorOptions& options, MonitorListener& listener)
    : state_(new State{{options, listener}}) {}
Monitor::~Monitor() = default;

void Monitor::start() {
  state_->core.start();
}
void Monitor::stop() {
  state_->core.stop();
}
bool Monitor::ended() const {
  return state_->core.ended();
}
void Monitor::reload(const MonitorOptions& options) {
  state_->core.reload(options);
}

std::vector<CameraStatus> Monitor::cameras() const {
  return state_->core.cameras();
}
MonitorHealth Monitor::health() const {
  return state_->core.health();
}
std::vector<MonitorAlarm> Monitor::alarms(std::size_t at_most) const {
  return state_->core.alarms(at_most);
}
bool Monitor::acknowledge(std::string_view alarm_id) {
  return state_->core.acknowledge(alarm_id);
}
void Monitor::confirm_delivery(const MonitorAlarm& told) {
  state_->core.confirm_delivery(told);
}

void Monitor::confirm_written(const MonitorAlarm& told) {
  state_->core.confirm_written(told);
}

Monitor::Pushed Monitor::push(std::string_view camera, std::span<const std::uint8_t> file) {
  return state_->core.push(camera, file);
}
std::vector<std::uint8_t> Monitor::newest_frame_jpeg(std::string_view camera, int width,
                                                     bool map) const {
  return state_->core.newest_frame_jpeg(camera, width, map);
}
std::vector<std::uint8_t> Monitor::snapshot(std::string_view alarm_id) const {
  return state_->core.snapshot(alarm_id);
}

}  // namespace gradspace
