// What alarms are delivered to, each in a file of its own.
#pragma once

#include <memory>

#include "live/delivery.h"
#include "live/settings.h"

namespace gradspace::live {

std::unique_ptr<AlarmOutput> make_log_output();
std::unique_ptr<AlarmOutput> make_command_output(const CommandSettings& settings);
/// Throws as read_secret.
std::unique_ptr<AlarmOutput> make_webhook_output(const WebhookSettings& settings);
/// Throws as read_secret; Error in a build without MQTT.
std::unique_ptr<AlarmOutput> make_mqtt_output(const MqttSettings& settings);
std::unique_ptr<AlarmOutput> make_syslog_output(const SyslogSettings& settings);

}  // namespace gradspace::live
