// Alarms to a program: the alarm as JSON on its standard input, and its parts in the environment. No shell is between.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "live/outputs.h"
#include "live/rows.h"

namespace gradspace::live {
namespace {

using Steady = std::chrono::steady_clock;

/// The environment of ours without what may be secret, and with the alarm's parts.
std::vector<std::string> environment_of(const MonitorAlarm& alarm) {
  std::vector<std::string> variables;
  constexpr std::array<std::string_view, 5> kKept = {"PATH=", "HOME=", "LANG=", "TZ=", "TMPDIR="};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::ranges::any_of(kKept, [&](std::string_view name) {
          return std::string_view(*entry).starts_with(name);
        })) {
      variables.emplace_back(*entry);
    }
  }
  const auto add = [&](std::string_view name, std::string value) {
    std::erase(value, '\0');
    variables.push_back(fmt::format("GRADSPACE_ALARM_{}={}", name, value));
  };
  add("ID", alarm.id);
  add("CAMERA", alarm.camera);
  add("KIND", std::string(alarm_kind_name(alarm.kind)));
  add("STATE", alarm_state_word(alarm));
  add("RAISED", utc_text(alarm.raised));
  add("CAUSE", alarm.cause);
  add("HIGHEST_SCORE", fmt::format("{}", alarm.highest_score));
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  std::ranges::transform(texts, std::back_inserter(result),
                         [](std::string& text) { return text.data(); });
  result.push_back(nullptr);
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) {
      ::close(number_);
      number_ = -1;
    }
  }

 private:
  int number_;
};

class CommandOutput final : public AlarmOutput {
 public:
  explicit CommandOutput(const CommandSettings& settings)
      : arguments_(settings.arguments),
        timeout_(std::chrono::duration_cast<Steady::duration>(
            std::chrono::duration<double>(settings.timeout_s))) {}

  std::string name() const override { return "command"; }
  int most_tries() const override { return 5; }

  DeliveryResult deliver(const MonitorAlarm& alarm, const std::stop_token& stop,
                         std::string& reason) override {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      reason = fmt::format("no pipe: {}", std::strerror(errno));
      return DeliveryResult::kAgain;
    }
    Descriptor from(ends[0]);
    Descriptor to(ends[1]);
    const auto child = spawn(alarm, from.get(), reason);
    from.close();
    if (!child) {
      return DeliveryResult::kAgain;
    }
    ::fcntl(to.get(), F_SETFL, O_NONBLOCK);
    return attend(*child, to, one_line(alarm_row(alarm)) + '\n', stop, reason);
  }

 private:
  std::optional<pid_t> spawn(const MonitorAlarm& alarm, int input, std::string& reason) {
    std::vector<std::string> variables = environment_of(alarm);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    // Standard output may carry our JSON lines; what the program says goes to the log's stream.
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    pid_t child = 0;
    const int error = ::posix_spawn(&child, arguments_.front().c_str(), &actions, &attributes,
                                    pointers(arguments_).data(), pointers(variables).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
      reason = fmt::format("{} can't be run: {}", arguments_.front(), std::strerror(error));
      return std::nullopt;
    }
    return child;
  }

  /// Writes the text to the program and waits for its end, or ends it.
  DeliveryResult attend(pid_t child, Descriptor& input, std::string text,
                        const std::stop_token& stop, std::string& reason) const {
    constexpr int kPollMs = 20;
    const Steady::time_point end = Steady::now() + timeout_;
    std::size_t written = 0;
    for (;;) {
      int status = 0;
      if (::waitpid(child, &status, WNOHANG) == child) {
        return result_of(status, reason);
      }
      if (stop.stop_requested() || Steady::now() > end) {
        ::kill(-child, SIGKILL);
        ::waitpid(child, &status, 0);
        reason = stop.stop_requested() ? "the monitor stops" : "it took too long";
        return DeliveryResult::kAgain;
      }
      pollfd poll{input.get(), POLLOUT, 0};  // a negative descriptor is passed over
      ::poll(&poll, 1, kPollMs);
      if (input.get() >= 0 && (poll.revents & POLLOUT) != 0) {
        const ssize_t size = ::write(input.get(), text.data() + written, text.size() - written);
        written += size > 0 ? static_cast<std::size_t>(size) : 0;
      }
      // A program need not read what it is told.
      if (written == text.size() || (poll.revents & (POLLERR | POLLHUP)) != 0) {
        input.close();
      }
    }
  }

  static DeliveryResult result_of(int status, std::string& reason) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      return DeliveryResult::kDelivered;
    }
    reason = WIFEXITED(status) ? fmt::format("it ended with status {}", WEXITSTATUS(status))
                               : fmt::format("signal {} ended it", WTERMSIG(status));
    return DeliveryResult::kAgain;
  }

  std::vector<std::string> arguments_;
  Steady::duration timeout_;
};

}  // namespace

std::unique_ptr<AlarmOutput> make_command_output(const CommandSettings& settings) {
  return std::make_unique<CommandOutput>(settings);
}

}  // namespace gradspace::live
