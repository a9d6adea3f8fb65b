// What programs, webhooks and brokers outside get to see of an alarm.
#include "live/outputs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "fake_monitor.h"
#include "live/access.h"
#include "raw_client.h"
#include "support/eventually.h"
#include "support/test_files.h"
#include "webhook_receiver.h"

namespace gradspace::live {
namespace {

namespace fs = std::filesystem;
using gradspace::testing::eventually;
using ::testing::HasSubstr;
using testing::make_alarm;
using ::testing::Not;
using testing::WebhookReceiver;

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return std::move(text).str();
}

class OutputsTest : public ::testing::Test {
 protected:
  fs::path script(const std::string& lines) {
    const fs::path file = folder_ / "alarm.sh";
    std::ofstream(file) << "#!/bin/sh\n" << lines;
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }
  DeliveryResult deliver(AlarmOutput& output,
                         const MonitorAlarm& alarm = make_alarm("gate-frames-1")) {
    return output.deliver(alarm, stop_.get_token(), reason_);
  }

  gradspace::testing::TemporaryFolder folder_;
  std::stop_source stop_;
  std::string reason_;
};

TEST_F(OutputsTest, CommandGetsTheAlarmOnInputAndInItsEnvironment) {
  ::setenv("GRADSPACE_TEST_SECRET", "hidden", 1);
  CommandSettings settings;
  settings.arguments = {script("cd \"$2\"; cat > input; env > environment; printf '%s' \"$1\" > "
                               "argument; ls /proc/$$/fd > files\n")
                            .string(),
                        "$(touch oops); *", folder_.path().string()};
  MonitorAlarm alarm = make_alarm("gate-frames-1");
  alarm.cause = "a\nb=$(touch oops)";
  const auto output = make_command_output(settings);
  ASSERT_EQ(deliver(*output, alarm), DeliveryResult::kDelivered) << reason_;
  const auto row = nlohmann::json::parse(text_of(folder_ / "input"));
  EXPECT_EQ(row["id"], "gate-frames-1");
  EXPECT_EQ(row["state"], "raised");
  EXPECT_EQ(row["cause"], "a\nb=$(touch oops)");
  const std::string environment = text_of(folder_ / "environment");
  EXPECT_THAT(environment, HasSubstr("GRADSPACE_ALARM_ID=gate-frames-1\n"));
  EXPECT_THAT(environment, HasSubstr("GRADSPACE_ALARM_KIND=frames\n"));
  EXPECT_THAT(environment, Not(HasSubstr("GRADSPACE_TEST_SECRET")));
  EXPECT_EQ(text_of(folder_ / "argument"), "$(touch oops); *");  // no shell saw it
  EXPECT_FALSE(fs::exists(folder_ / "oops"));
  EXPECT_THAT(text_of(folder_ / "files"), Not(HasSubstr("\n9\n")));
}

TEST_F(OutputsTest, CommandThatFailsHangsOrIsMissingSaysSo) {
  CommandSettings settings;
  settings.arguments = {script("exit 3\n").string()};
  EXPECT_EQ(deliver(*make_command_output(settings)), DeliveryResult::kAgain);
  EXPECT_EQ(reason_, "it ended with status 3");
  settings.arguments = {(folder_ / "missing").string()};
  EXPECT_EQ(deliver(*make_command_output(settings)), DeliveryResult::kAgain);
  EXPECT_THAT(reason_, HasSubstr("can't be run"));
  settings.timeout_s = 0.2;
  settings.arguments = {script("sleep 60 & sleep 60\n").string()};
  EXPECT_EQ(deliver(*make_command_output(settings)), DeliveryResult::kAgain);
  EXPECT_EQ(reason_, "it took too long");
}

TEST_F(OutputsTest, CommandEndsWithTheMonitor) {
  CommandSettings settings;
  settings.arguments = {script("sleep 60\n").string()};
  stop_.request_stop();
  EXPECT_EQ(deliver(*make_command_output(settings)), DeliveryResult::kAgain);
}

/// What the command does not read does not stop it.
TEST_F(OutputsTest, CommandNeedNotReadItsInput) {
  CommandSettings settings;
  settings.arguments = {script("exec < /dev/null; exit 0\n").string()};
  MonitorAlarm alarm = make_alarm("a");
  alarm.cause = std::string(200'000, 'x');
  ::signal(SIGPIPE, SIG_IGN);  // as the service does
  // An environment that large is refused by the system: then it is told again, and the process lives.
  const DeliveryResult result = deliver(*make_command_output(settings), alarm);
  EXPECT_TRUE(result == DeliveryResult::kDelivered || result == DeliveryResult::kAgain);
}

TEST_F(OutputsTest, WebhookIsSignedWithItsTime) {
  WebhookReceiver receiver({"204 No Content"});
  std::ofstream(folder_ / "secret") << "a secret of the webhook\n";
  WebhookSettings settings;
  settings.url = receiver.url();
  settings.secret_file = folder_ / "secret";
  ASSERT_EQ(deliver(*make_webhook_output(settings)), DeliveryResult::kDelivered) << reason_;
  const std::string request = receiver.requests().at(0);
  EXPECT_THAT(request, ::testing::StartsWith("POST /alarms HTTP/1.1\r\n"));
  const auto header = [&](const std::string& name) {
    const auto begin = request.find(name + ": ") + name.size() + 2;
    return request.substr(begin, request.find('\r', begin) - begin);
  };
  const std::string body = testing::body_of(request);
  EXPECT_EQ(nlohmann::json::parse(body)["id"], "gate-frames-1");
  EXPECT_EQ(header("Gradspace-Alarm"), "gate-frames-1");
  EXPECT_EQ(header("Content-Type"), "application/json");
  EXPECT_EQ(header("Gradspace-Signature"),
            "sha256=" +
                hmac_sha256("a secret of the webhook", header("Gradspace-Timestamp") + "." + body));
  const auto age = std::time(nullptr) - std::atoll(header("Gradspace-Timestamp").c_str());
  EXPECT_GE(age, 0);
  EXPECT_LT(age, 60);
}

TEST_F(OutputsTest, WebhookAnswersSayWhetherToTryAgain) {
  const std::vector<std::pair<std::string, DeliveryResult>> cases = {
      {"200 OK", DeliveryResult::kDelivered},      {"500 Error", DeliveryResult::kAgain},
      {"503 Unavailable", DeliveryResult::kAgain}, {"429 Slow down", DeliveryResult::kAgain},
      {"408 Timeout", DeliveryResult::kAgain},     {"400 Bad", DeliveryResult::kRefused},
      {"401 Who", DeliveryResult::kRefused}};
  std::vector<std::string> answers;
  std::ranges::transform(cases, std::back_inserter(answers),
                         [](const auto& one) { return one.first; });
  WebhookReceiver receiver(answers);
  WebhookSettings settings;
  settings.url = receiver.url();
  const auto output = make_webhook_output(settings);
  for (const auto& [answer, result] : cases) {
    EXPECT_EQ(deliver(*output), result) << answer;
  }
}

TEST_F(OutputsTest, WebhookFollowsNoRedirect) {
  WebhookReceiver other({"200 OK"});
  WebhookReceiver receiver({"302 Found\r\nLocation: " + other.url()});
  WebhookSettings settings;
  settings.url = receiver.url();
  EXPECT_EQ(deliver(*make_webhook_output(settings)), DeliveryResult::kRefused);
  EXPECT_EQ(reason_, "it was answered 302");
  EXPECT_TRUE(other.requests().empty());
}

TEST_F(OutputsTest, WebhookThatHangsIsGivenUpInTimeAndAtAStop) {
  WebhookReceiver receiver({""});
  WebhookSettings settings;
  settings.url = receiver.url();
  settings.timeout_s = 0.2;
  EXPECT_EQ(deliver(*make_webhook_output(settings)), DeliveryResult::kAgain);
  settings.timeout_s = 600;
  const auto output = make_webhook_output(settings);
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop_.request_stop();
  });
  EXPECT_EQ(deliver(*output), DeliveryResult::kAgain) << "and not in ten minutes";
}

TEST_F(OutputsTest, WebhookThatFailsAndThenSucceedsIsConfirmedOnce) {
  WebhookReceiver receiver({"503 Unavailable", "200 OK"});
  WebhookSettings settings;
  settings.url = receiver.url();
  Measurements measurements;
  std::mutex mutex;
  std::vector<std::string> confirmed;
  Delivery delivery(
      [&](const MonitorAlarm& told) {
        const std::lock_guard lock(mutex);
        confirmed.push_back(told.id);
      },
      measurements);
  std::vector<std::unique_ptr<AlarmOutput>> outputs;
  outputs.push_back(make_webhook_output(settings));
  delivery.set_outputs(std::move(outputs), 10);
  delivery.add(make_alarm("gate-frames-1"));
  ASSERT_TRUE(eventually([&] { return delivery.idle(); }));
  EXPECT_EQ(confirmed, (std::vector<std::string>{"gate-frames-1"}));
  ASSERT_EQ(receiver.requests().size(), 2U);
  EXPECT_EQ(testing::body_of(receiver.requests()[0]), testing::body_of(receiver.requests()[1]));
}

class MqttTest : public OutputsTest {
 protected:
  /// A broker on a port of its own; false where there is none here.
  bool start_broker() {
    if (!fs::exists("/usr/sbin/mosquitto") || !fs::exists("/usr/bin/mosquitto_sub")) {
      return false;
    }
    for (int tries = 0; tries < 5; ++tries) {
      port_ = free_port();
      std::ofstream(folder_ / "mosquitto.conf")
          << "listener " << port_ << " 127.0.0.1\nallow_anonymous true\n"
          << "persistence false\n";
      process_ = run({"/usr/sbin/mosquitto", "-c", (folder_ / "mosquitto.conf").string()});
      // It ends by itself where somebody else has taken the port.
      const auto has_ended = [&] { return ::waitpid(process_, nullptr, WNOHANG) == process_; };
      bool listens = false;
      bool ended = false;
      EXPECT_TRUE(eventually([&] {
        listens = testing::RawClient(port_).connected();
        ended = !listens && has_ended();
        return listens || ended;
      }));
      if (listens) {
        return true;
      }
      process_ = 0;
    }
    return false;
  }
  void TearDown() override { end(process_); }

  static std::uint16_t free_port() {
    const WebhookReceiver any({"200 OK"});
    return static_cast<std::uint16_t>(
        std::atoi(any.url().c_str() + std::string("http://127.0.0.1:").size()));
  }
  static pid_t run(const std::vector<std::string>& arguments,
                   const std::string& output = "/dev/null") {
    const pid_t child = ::fork();
    if (child == 0) {
      const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      ::dup2(file, 1);
      ::dup2(file, 2);
      std::vector<char*> pointers;
      for (const std::string& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));
      }
      pointers.push_back(nullptr);
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
    return child;
  }
  static void end(pid_t& process) {
    if (process > 0) {
      ::kill(process, SIGTERM);
      ::waitpid(process, nullptr, 0);
      process = 0;
    }
  }

  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

#ifdef GRADSPACE_HAS_MQTT
TEST_F(MqttTest, AlarmsArriveUnderTheirCamera) {
  if (!start_broker()) {
    GTEST_SKIP() << "mosquitto and mosquitto-clients are not installed";
  }
  pid_t reader = run({"/usr/bin/mosquitto_sub", "-p", std::to_string(port_), "-t", "plant/#", "-v",
                      "-C", "2", "-W", "120"},
                     folder_ / "heard");
  MqttSettings settings;
  settings.broker = "tcp://127.0.0.1:" + std::to_string(port_);
  settings.topic = "plant";
  const auto output = make_mqtt_output(settings);
  // The reader may begin after the first, which is told again then.
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(deliver(*output), DeliveryResult::kDelivered) << reason_;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::string heard = text_of(folder_ / "heard");
    return heard.find("plant/gate/alarm") != std::string::npos && heard.ends_with("}\n");
  }));
  end(reader);
  const std::string heard = text_of(folder_ / "heard");
  EXPECT_THAT(heard, HasSubstr("plant/status online"));
  EXPECT_THAT(heard, HasSubstr("plant/gate/alarm {\"type\":\"alarm\",\"id\":\"gate-frames-1\""));
}

TEST_F(MqttTest, BrokerThatIsNotThereIsTriedAgain) {
  MqttSettings settings;
  settings.broker = "tcp://127.0.0.1:" + std::to_string(free_port());
  settings.timeout_s = 0.5;
  EXPECT_EQ(deliver(*make_mqtt_output(settings)), DeliveryResult::kAgain);
  EXPECT_FALSE(reason_.empty());
}
#endif

}  // namespace
}  // namespace gradspace::live
