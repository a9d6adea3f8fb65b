// The monitor itself, with the clock that it is given.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "gradspace/monitor.h"
#include "gradspace/output_lock.h"
#include "monitor/alarm_book.h"
#include "monitor/camera.h"
#include "monitor/clock.h"
#include "monitor/ready_queue.h"
#include "monitor/snapshots.h"

namespace gradspace::monitor {

/// What `Monitor` promises, with another clock. Thread-safe.
class MonitorCore {
 public:
  MonitorCore(const MonitorOptions& options, MonitorListener& listener,
              Clock& clock = system_clock());
  ~MonitorCore();
  MonitorCore(const MonitorCore&) = delete;
  MonitorCore& operator=(const MonitorCore&) = delete;

  void start();
  void stop();
  bool ended() const;
  void reload(const MonitorOptions& options);

  std::vector<CameraStatus> cameras() const;
  MonitorHealth health() const;
  std::vector<MonitorAlarm> alarms(std::size_t at_most) const { return alarms_.newest(at_most); }
  bool acknowledge(std::string_view alarm_id);
  void confirm_delivery(const MonitorAlarm& told) { alarms_.confirm_delivery(told); }
  void confirm_written(const MonitorAlarm& told) { alarms_.confirm_written(told); }

  Monitor::Pushed push(std::string_view camera, std::span<const std::uint8_t> file);
  std::vector<std::uint8_t> newest_frame_jpeg(std::string_view camera, int width, bool map) const;
  std::vector<std::uint8_t> snapshot(std::string_view alarm_id) const;

 private:
  using Cameras = std::vector<std::shared_ptr<Camera>>;

  std::shared_ptr<Camera> make_camera(const CameraOptions& camera, const MonitorOptions& options);
  Cameras present() const;
  std::shared_ptr<Camera> camera_of(std::string_view name) const;
  void start_workers();
  void stop_workers();
  void work();
  void keep_watch();

  const std::filesystem::path folder_;
  MonitorListener& listener_;
  Clock& clock_;
  OutputLock lock_;
  AlarmBook alarms_;
  Snapshots snapshots_;
  ReadyQueue ready_;
  mutable std::mutex cameras_mutex_;
  Cameras cameras_;
  std::mutex run_mutex_;  ///< of start, stop and reload, and what follows here
  int threads_;           ///< 0 = all cores
  bool running_ = false;
  std::vector<std::thread> workers_;
  std::optional<StopSignal> watch_stop_;
  std::thread watch_;
};

}  // namespace gradspace::monitor
