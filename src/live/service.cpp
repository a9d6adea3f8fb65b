#include "live/service.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <thread>

#include "gradspace/monitor.h"
#include "gradspace/version.h"
#include "live/alarm_lines.h"
#include "live/application.h"
#include "live/delivery.h"
#include "live/event_hub.h"
#include "live/held_signals.h"
#include "live/http_server.h"
#include "live/line_writer.h"
#include "live/listen_address.h"
#include "live/log.h"
#include "live/measurements.h"
#include "live/rows.h"

namespace gradspace::live {
namespace {

/// The monitor itself. Until it is there, there is nothing to see.
class RealMonitor final : public MonitorView {
 public:
  void set(Monitor* monitor) { monitor_ = monitor; }

  std::vector<CameraStatus> cameras() const override { return monitor().cameras(); }
  MonitorHealth health() const override { return monitor().health(); }
  std::vector<MonitorAlarm> alarms(std::size_t at_most) const override {
    return monitor().alarms(at_most);
  }
  bool acknowledge(std::string_view alarm_id) override { return monitor().acknowledge(alarm_id); }
  void confirm_delivery(const MonitorAlarm& told) override { monitor().confirm_delivery(told); }
  void confirm_written(const MonitorAlarm& told) override { monitor().confirm_written(told); }
  Monitor::Pushed push(std::string_view camera, std::span<const std::uint8_t> file) override {
    return monitor().push(camera, file);
  }
  std::vector<std::uint8_t> newest_frame_jpeg(std::string_view camera, int width,
                                              bool map) const override {
    return monitor().newest_frame_jpeg(camera, width, map);
  }
  std::vector<std::uint8_t> snapshot(std::string_view alarm_id) const override {
    return monitor().snapshot(alarm_id);
  }

 private:
  Monitor& monitor() const { return *monitor_; }

  Monitor* monitor_ = nullptr;
};

/// Hears the monitor and tells all who want to know.
class Outputs final : public MonitorListener {
 public:
  Outputs(EventHub& hub, Measurements& measurements, Delivery& delivery, LineWriter* lines,
          AlarmLines* alarm_lines)
      : hub_(hub),
        measurements_(measurements),
        delivery_(delivery),
        lines_(lines),
        alarm_lines_(alarm_lines) {}

  void on_verdict(const FrameVerdict& verdict) override {
    measurements_.on_verdict(verdict);
    hub_.on_verdict(verdict);
    if (lines_ != nullptr) {
      lines_->write(one_line(verdict_row(verdict)), false);
    }
  }
  void on_alarm(const MonitorAlarm& alarm) override {
    hub_.on_alarm(alarm);
    if (alarm_lines_ != nullptr) {
      alarm_lines_->on_alarm(alarm);
    }
    delivery_.add(alarm);
  }
  void on_camera(const CameraStatus& status) override {
    if (status.connected) {
      log(LogLevel::kInfo, "the input gives frames", {{"camera", status.name}});
    } else {
      log(LogLevel::kWarning, "the input gives no frames",
          {{"camera", status.name}, {"reason", shown_text(status.trouble)}});
    }
  }
  void on_remark(std::string_view camera, std::string_view line) override {
    if (camera.empty()) {
      log(LogLevel::kInfo, shown_text(line));
    } else {
      log(LogLevel::kInfo, shown_text(line), {{"camera", camera}});
    }
  }

 private:
  EventHub& hub_;
  Measurements& measurements_;
  Delivery& delivery_;
  LineWriter* lines_;
  AlarmLines* alarm_lines_;
};

/// What systemd is told; nothing where it does not listen.
class Supervisor {
 public:
  Supervisor() {
    std::uint64_t period_us = 0;
    if (::sd_watchdog_enabled(0, &period_us) > 0) {
      period_ = std::chrono::microseconds(period_us / 2);
    }
  }
  void ready(const std::string& status) const {
    ::sd_notifyf(0, "READY=1\nSTATUS=%s", status.c_str());
  }
  void reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto microseconds = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
                              static_cast<std::uint64_t>(now.tv_nsec) / 1000;
    ::sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", microseconds).c_str());
  }
  void stopping() const { ::sd_notify(0, "STOPPING=1"); }
  /// To be called often.
  void alive() {
    const auto now = std::chrono::steady_clock::now();
    if (period_.count() > 0 && now - last_ >= period_) {
      last_ = now;
      ::sd_notify(0, "WATCHDOG=1");
    }
  }

 private:
  std::chrono::microseconds period_{0};  ///< 0: nobody waits
  std::chrono::steady_clock::time_point last_;
};

class Service {
 public:
  Service(const Settings& settings, bool lines)
      : settings_(settings),
        lines_(lines ? std::make_unique<LineWriter>(STDOUT_FILENO,
                                                    [this] { measurements_.count_lost_line(); })
                     : nullptr),
        alarm_lines_(lines ? std::make_unique<AlarmLines>(*lines_, view_, STDOUT_FILENO) : nullptr),
        delivery_([this](const MonitorAlarm& told) { confirm(told); }, measurements_),
        outputs_(hub_, measurements_, delivery_, lines_.get(), alarm_lines_.get()),
        application_(view_, hub_, measurements_, settings.http) {
    if (settings.http.enabled) {
      server_ = std::make_unique<HttpServer>(application_, settings.http);
    }
    std::vector<std::unique_ptr<AlarmOutput>> outputs = make_outputs(settings.outputs);
    monitor_.emplace(settings.monitor, outputs_);
    view_.set(&*monitor_);
    delivery_.set_outputs(std::move(outputs), waiting());
  }

  ~Service() { stop(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  void start() {
    monitor_->start();
    if (server_ != nullptr) {
      server_->start();
      log_address();
    }
  }

  /// Throws where the settings are refused; then nothing has changed.
  void reload(const Settings& settings) {
    std::vector<std::unique_ptr<AlarmOutput>> outputs = make_outputs(settings.outputs);
    const Access checked(settings.http);  // throws where the token can't be read
    const bool moves = settings.http.enabled != settings_.http.enabled ||
                       settings.http.listen != settings_.http.listen;
    std::unique_ptr<HttpServer> next;
    if (moves && settings.http.enabled) {
      next = std::make_unique<HttpServer>(application_, settings.http);
    }
    monitor_->reload(settings.monitor);
    application_.change(settings.http);
    delivery_.set_outputs(std::move(outputs), static_cast<std::size_t>(settings.outputs.waiting));
    settings_ = settings;
    if (moves) {
      server_ = std::move(next);
      if (server_ != nullptr) {
        server_->start();
        log_address();
      }
    } else if (server_ != nullptr) {
      server_->change_limits(settings.http);
    }
  }

  bool ended() const { return monitor_->ended(); }
  bool responds() const { return server_ == nullptr || server_->responds(); }
  Measurements& measurements() { return measurements_; }

  void stop() {
    if (monitor_) {
      monitor_->stop();
    }
    delivery_.stop();
    if (server_ != nullptr) {
      server_->stop();
    }
    if (lines_ != nullptr) {
      lines_->stop();
    }
  }

  std::string status() const { return fmt::format("{} cameras", settings_.monitor.cameras.size()); }

 private:
  void confirm(const MonitorAlarm& told) {
    if (alarm_lines_ != nullptr) {
      alarm_lines_->confirm_delivery(told);
    } else {
      view_.confirm_delivery(told);
    }
  }
  std::size_t waiting() const { return static_cast<std::size_t>(settings_.outputs.waiting); }

  void log_address() const {
    const auto address = parse_listen_address(settings_.http.listen);
    const std::string port = fmt::format("{}", server_->port());
    const bool v6 = address->address.find(':') != std::string::npos;
    const std::string page =
        (v6 ? "http://[" + address->address + "]:" : "http://" + address->address + ":") + port +
        "/";
    log(LogLevel::kInfo, "listening", {{"page", page}, {"port", port}});
  }

  Settings settings_;
  Measurements measurements_;
  EventHub hub_;
  RealMonitor view_;
  std::unique_ptr<LineWriter> lines_;
  std::unique_ptr<AlarmLines> alarm_lines_;
  Delivery delivery_;
  Outputs outputs_;
  Application application_;
  std::optional<Monitor> monitor_;
  std::unique_ptr<HttpServer> server_;
};

void reload(Service& service, const Supervisor& supervisor,
            const std::function<Settings()>& read_again) {
  supervisor.reloading();
  try {
    if (read_again) {
      service.reload(read_again());
      service.measurements().count_reload(true);
      log(LogLevel::kInfo, "the configuration was read again");
    }
  } catch (const std::exception& error) {
    service.measurements().count_reload(false);
    log(LogLevel::kError, "the new configuration was refused; the old one stays",
        {{"reason", shown_text(error.what())}});
  }
  supervisor.ready(service.status());
}

/// Ends the process where it still is there after this time: something of the system hangs (a device, a disk, syslog).
/// What a kill does not lose, this does not lose.
void cut_short_in(std::chrono::milliseconds time) {
  std::thread([time] {
    std::this_thread::sleep_for(time);
    log(LogLevel::kError, "something does not end: the stop is cut short");
    std::_Exit(EXIT_SUCCESS);
  }).detach();
}

}  // namespace

void run_service(const Settings& settings, const std::function<Settings()>& read_again,
                 bool lines) {
  constexpr std::chrono::milliseconds kTick{200};
  constexpr std::chrono::milliseconds kStop{1700};
  const HeldSignals signals;
  Supervisor supervisor;
  Service service(settings, lines);
  service.start();
  log(LogLevel::kInfo, "the monitor runs", {{"version", kVersion}, {"cameras", service.status()}});
  supervisor.ready(service.status());
  int signal = 0;
  while (!is_end(signal) && !service.ended()) {
    signal = signals.wait(kTick);
    if (signal == SIGHUP) {
      reload(service, supervisor, read_again);
    }
    if (service.responds()) {
      supervisor.alive();
    }
  }
  signals.release();
  cut_short_in(kStop);
  supervisor.stopping();
  log(LogLevel::kInfo, "the monitor stops",
      {{"reason", signal == 0 ? "all inputs have ended" : "a signal"}});
  service.stop();
}

}  // namespace gradspace::live
