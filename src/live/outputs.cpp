#include "live/outputs.h"

#include <fmt/format.h>
#include <syslog.h>

#include "live/log.h"
#include "live/rows.h"

namespace gradspace::live {
namespace {

class LogOutput final : public AlarmOutput {
 public:
  std::string name() const override { return "log"; }
  DeliveryResult deliver(const MonitorAlarm& alarm, const std::stop_token&, std::string&) override {
    log(alarm.cleared ? LogLevel::kInfo : LogLevel::kWarning, "alarm " + alarm_state_word(alarm),
        {{"camera", alarm.camera},
         {"alarm", alarm.id},
         {"kind", alarm_kind_name(alarm.kind)},
         {"cause", alarm.cause},
         {"highest_score", fmt::format("{}", alarm.highest_score)}});
    return DeliveryResult::kDelivered;
  }
};

class SyslogOutput final : public AlarmOutput {
 public:
  explicit SyslogOutput(const SyslogSettings& settings) : name_(settings.name) {
    ::openlog(name_.c_str(), LOG_PID, LOG_DAEMON);
  }
  ~SyslogOutput() override { ::closelog(); }
  SyslogOutput(const SyslogOutput&) = delete;
  SyslogOutput& operator=(const SyslogOutput&) = delete;

  std::string name() const override { return "syslog"; }
  DeliveryResult deliver(const MonitorAlarm& alarm, const std::stop_token&, std::string&) override {
    const bool over = alarm.cleared || alarm.acknowledged;
    ::syslog(over ? LOG_NOTICE : LOG_ALERT, "%s", one_line(alarm_row(alarm)).c_str());
    return DeliveryResult::kDelivered;
  }

 private:
  std::string name_;  // openlog keeps the pointer
};

}  // namespace

std::unique_ptr<AlarmOutput> make_log_output() {
  return std::make_unique<LogOutput>();
}

std::unique_ptr<AlarmOutput> make_syslog_output(const SyslogSettings& settings) {
  return std::make_unique<SyslogOutput>(settings);
}

std::vector<std::unique_ptr<AlarmOutput>> make_outputs(const OutputSettings& settings) {
  std::vector<std::unique_ptr<AlarmOutput>> outputs;
  outputs.push_back(make_log_output());
  if (!settings.command.arguments.empty()) {
    outputs.push_back(make_command_output(settings.command));
  }
  if (!settings.webhook.url.empty()) {
    outputs.push_back(make_webhook_output(settings.webhook));
  }
  if (!settings.mqtt.broker.empty()) {
    outputs.push_back(make_mqtt_output(settings.mqtt));
  }
  if (settings.syslog.enabled) {
    outputs.push_back(make_syslog_output(settings.syslog));
  }
  return outputs;
}

}  // namespace gradspace::live
