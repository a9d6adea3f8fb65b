// A monitor that is killed at any moment loses no alarm and raises none twice: what its files say in the end is what
// one that was never stopped would have made of the same verdicts.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "core/checksum.h"
#include "core/file.h"
#include "core/random.h"
#include "monitor/alarm_rule.h"
#include "monitor/monitor_fixture.h"

namespace gradspace::monitor {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class KilledMonitors : public MonitorFixture {
 protected:
  /// Runs the program, and kills it after so long; where `once_it_judges`, from some verdicts on.
  void run_and_kill(int run, std::chrono::milliseconds time, bool once_it_judges) {
    constexpr std::uintmax_t kSomeVerdicts = 4000;  // bytes: twenty lines or so
    const std::uintmax_t before = verdict_bytes();
    const std::string seed = std::to_string(run);
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl(GRADSPACE_KILLED_MONITOR, "killed_monitor", (folder_ / "state").c_str(),
              detector().c_str(), photographs().c_str(), seed.c_str(), (folder_ / "heard").c_str(),
              nullptr);
      ::_exit(127);
    }
    ASSERT_GT(child, 0);
    if (once_it_judges) {
      EXPECT_TRUE(eventually([&] { return verdict_bytes() >= before + kSomeVerdicts; }));
    }
    std::this_thread::sleep_for(time);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
  }

  std::uintmax_t verdict_bytes() const {
    std::error_code none;
    const std::uintmax_t size = fs::file_size(folder_ / "state" / "verdicts" / "gate.jsonl", none);
    return none ? 0 : size;
  }

  /// The file's lines, the last one of which may be cut off.
  std::vector<json> lines(const fs::path& path) {
    std::istringstream text(read_text_file(path));
    std::vector<json> result;
    for (std::string line; std::getline(text, line);) {
      json value = json::parse(line, nullptr, false);
      EXPECT_TRUE(!value.is_discarded() || text.eof()) << line;
      if (!value.is_discarded()) {
        result.push_back(std::move(value));
      }
    }
    return result;
  }
};

/// The frames at which an alarm of this kind is raised and cleared.
std::vector<std::uint64_t> frames_of(const std::vector<json>& events, const std::string& kind,
                                     const char* event) {
  std::vector<std::uint64_t> frames;
  for (const json& line : events) {
    if (line["event"] == event && line["id"].get<std::string>().starts_with("gate-" + kind + "-")) {
      frames.push_back(line["frame"].get<std::uint64_t>());
    }
  }
  return frames;
}

TEST_F(KilledMonitors, HaveTheAlarmsOfOneThatWasNeverStopped) {
  Random random(20261127);
  constexpr int kRuns = 20;
  for (int run = 0; run < kRuns; ++run) {
    run_and_kill(run, std::chrono::milliseconds(random.below(200)), run % 3 != 0);
  }
  CameraStatus end;
  {
    Notes notes;  // what was not decided when the last one was killed is decided now
    CameraOptions gate = camera("gate", CameraInputKind::kPush);
    gate.drift.window = 20;
    gate.alarms.at_least_s = 0;
    gate.alarms.clear_after = 5;
    Monitor monitor(options_of({gate}), notes);
    end = monitor.cameras()[0];
    for (const std::string& remark : notes.remarks()) {
      EXPECT_THAT(remark, ::testing::Not(::testing::HasSubstr("damaged")));
    }
  }
  const std::vector<json> verdicts = lines(folder_ / "state" / "verdicts" / "gate.jsonl");
  const std::vector<json> events = lines(folder_ / "state" / "alarms.jsonl");
  ASSERT_GT(verdicts.size(), 100U);

  AlarmRules rules;
  rules.at_least_s = 0;
  rules.clear_after = 5;
  FrameAlarmRule rule(rules);
  DriftMonitor drift(read_detector(detector()).calibration, {20, 0.01});
  std::vector<std::uint64_t> raised;
  std::vector<std::uint64_t> cleared;
  std::vector<std::uint64_t> drifted;
  std::vector<std::uint64_t> undrifted;
  std::uint64_t last = 0;
  bool is_drifted = false;
  for (const json& verdict : verdicts) {
    const auto number = verdict["number"].get<std::uint64_t>();
    ASSERT_GT(number, last) << "none twice";
    last = number;
    const AlarmChange change = rule.add(verdict["out_of_distribution"].get<bool>(), {});
    if (change != AlarmChange::kNone) {
      (change == AlarmChange::kRaise ? raised : cleared).push_back(number);
    }
    const std::optional<DriftWindow> window = drift.add(verdict["score"].get<double>());
    if (window && window->drifted != is_drifted) {
      (window->drifted ? drifted : undrifted).push_back(number);
      is_drifted = window->drifted;
    }
  }
  EXPECT_GT(raised.size(), 0U);
  EXPECT_EQ(frames_of(events, "frames", "raised"), raised);
  EXPECT_EQ(frames_of(events, "frames", "cleared"), cleared);
  EXPECT_EQ(frames_of(events, "drift", "raised"), drifted);
  EXPECT_EQ(frames_of(events, "drift", "cleared"), undrifted);

  std::set<std::string> ids;
  for (const json& line : events) {
    if (line["event"] == "raised") {
      EXPECT_TRUE(ids.insert(line["id"].get<std::string>()).second) << "once";
    }
  }
  std::istringstream heard(read_text_file(folder_ / "heard"));
  for (std::string id, what; heard >> id >> what;) {
    EXPECT_TRUE(ids.contains(id)) << "what was told is in the journal";
  }
  EXPECT_EQ(end.drift_windows, drift.windows());
  EXPECT_EQ(end.judged, verdicts.size());
  EXPECT_EQ(end.alarms, ids.size());
  EXPECT_NO_THROW(
      parse_sealed_json(read_text_file(folder_ / "state" / "cameras" / "gate.json"), "gate.json"));
  for (const auto& entry : fs::directory_iterator(folder_ / "state" / "snapshots")) {
    if (!entry.path().filename().string().starts_with('.')) {
      EXPECT_NO_THROW(read_image(entry.path())) << entry.path();
    }
  }
}

}  // namespace
}  // namespace gradspace::monitor
