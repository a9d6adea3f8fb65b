// Alarms to an MQTT broker: TOPIC/CAMERA/alarm, at least once. TOPIC/status says whether the monitor is there.
#include <fmt/format.h>
#include <mqtt/async_client.h>
#include <unistd.h>

#include <array>

#include "core/host_lookup.h"
#include "live/access.h"
#include "live/outputs.h"
#include "live/rows.h"

namespace gradspace::live {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr int kAtLeastOnce = 1;

std::string client_name(const MqttSettings& settings) {
  if (!settings.client.empty()) {
    return settings.client;
  }
  std::array<char, 65> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("gradspace-{}-{}", host.data(), ::getpid());
}

class MqttOutput final : public AlarmOutput {
 public:
  explicit MqttOutput(const MqttSettings& settings)
      : settings_(settings),
        timeout_(static_cast<std::int64_t>(settings.timeout_s * 1000)),
        client_(settings.broker, client_name(settings), nullptr) {
    const std::string password =
        settings.password_file.empty() ? "" : read_secret(settings.password_file, 1);
    auto builder = mqtt::connect_options_builder();
    builder.clean_session(true).connect_timeout(timeout_).automatic_reconnect(false);
    builder.will(mqtt::message(status_topic(), "offline", kAtLeastOnce, true));
    if (!settings.user.empty()) {
      builder.user_name(settings.user).password(password);
    }
    if (settings.broker.starts_with("ssl://")) {
      mqtt::ssl_options tls;
      tls.set_verify(true);
      if (!settings.ca_file.empty()) {
        tls.set_trust_store(settings.ca_file.string());
      }
      builder.ssl(tls);
    }
    options_ = builder.finalize();
  }

  ~MqttOutput() override {
    constexpr Milliseconds kGoodbye{500};
    try {
      if (client_.is_connected()) {
        client_.publish(mqtt::make_message(status_topic(), "offline", kAtLeastOnce, true))
            ->wait_for(kGoodbye);
        client_.disconnect(kGoodbye)->wait_for(kGoodbye);
      }
    } catch (const std::exception&) {  // the broker sees that the connection is gone
    }
  }
  MqttOutput(const MqttOutput&) = delete;
  MqttOutput& operator=(const MqttOutput&) = delete;

  std::string name() const override { return "mqtt"; }

  DeliveryResult deliver(const MonitorAlarm& alarm, const std::stop_token& stop,
                         std::string& reason) override {
    try {
      if (!client_.is_connected()) {
        // The library looks the name up, too, and can't be left meanwhile.
        reason = lookup_.trouble_with(host_in(settings_.broker), timeout_,
                                      [&stop] { return stop.stop_requested(); });
        if (!reason.empty()) {
          return DeliveryResult::kAgain;
        }
        if (!wait(*client_.connect(options_), stop)) {
          reason = "the broker does not answer";
          return DeliveryResult::kAgain;
        }
        client_.publish(mqtt::make_message(status_topic(), "online", kAtLeastOnce, true));
      }
      const std::string topic = fmt::format("{}/{}/alarm", settings_.topic, alarm.camera);
      const auto message =
          mqtt::make_message(topic, one_line(alarm_row(alarm)), kAtLeastOnce, false);
      if (!wait(*client_.publish(message), stop)) {
        reason = "the broker does not confirm";
        return DeliveryResult::kAgain;
      }
      return DeliveryResult::kDelivered;
    } catch (const std::exception& error) {
      reason = error.what();
      return DeliveryResult::kAgain;
    }
  }

 private:
  std::string status_topic() const { return settings_.topic + "/status"; }

  /// False where it took too long, or a stop was asked for. Throws what the library throws.
  bool wait(mqtt::token& token, const std::stop_token& stop) const {
    constexpr Milliseconds kSlice{50};
    const auto end = std::chrono::steady_clock::now() + timeout_;
    while (std::chrono::steady_clock::now() < end && !stop.stop_requested()) {
      if (token.wait_for(kSlice)) {
        return true;
      }
    }
    return false;
  }

  MqttSettings settings_;
  Milliseconds timeout_;
  HostLookup lookup_;
  mqtt::async_client client_;
  mqtt::connect_options options_;
};

}  // namespace

std::unique_ptr<AlarmOutput> make_mqtt_output(const MqttSettings& settings) {
  return std::make_unique<MqttOutput>(settings);
}

}  // namespace gradspace::live
