#include "detection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "monitor/monitor_core.h"
#include "monitor/simulated_camera.h"
#include "monitor/simulated_clock.h"

namespace gradspace::bench {
namespace {

namespace fs = std::filesystem;
using monitor::FaultScript;
using monitor::MonitorCore;
using monitor::SharedSimulatedClock;
using monitor::SimulatedFault;

constexpr std::uint64_t kWithin = 20;
constexpr int kFirstLevel = 3;

/// What a camera said, frame by frame, without the frames.
class Heard final : public MonitorListener {
 public:
  explicit Heard(bool prints_remarks) : prints_remarks_(prints_remarks) {}

  void on_verdict(const FrameVerdict& verdict) override {
    const std::lock_guard lock(mutex_);
    ++judged_;
    first_ = first_ == 0 ? verdict.number : first_;
    last_ = verdict.number;
  }
  void on_alarm(const MonitorAlarm& alarm) override {
    if (alarm.cleared || alarm.acknowledged) {
      return;
    }
    const std::lock_guard lock(mutex_);
    alarms_.push_back(alarm);
    at_.push_back(last_ - first_);
  }
  void on_camera(const CameraStatus&) override {}
  void on_remark(std::string_view camera, std::string_view line) override {
    if (prints_remarks_) {
      fmt::print("{}: {}\n", camera, line);
      std::fflush(stdout);
    }
  }

  std::uint64_t judged() const {
    const std::lock_guard lock(mutex_);
    return judged_;
  }
  std::vector<MonitorAlarm> alarms() const {
    const std::lock_guard lock(mutex_);
    return alarms_;
  }
  /// Of one camera alone: at which of its frames, from 0, alarms of frames were raised.
  std::vector<std::uint64_t> frames_of_alarms() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> frames;
    for (std::size_t i = 0; i < alarms_.size(); ++i) {
      if (alarms_[i].kind == AlarmKind::kFrames) {
        frames.push_back(at_[i]);
      }
    }
    return frames;
  }

 private:
  const bool prints_remarks_;
  mutable std::mutex mutex_;
  std::uint64_t judged_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::vector<MonitorAlarm> alarms_;
  std::vector<std::uint64_t> at_;
};

void wait_for_frames(const Heard& heard, std::uint64_t frames) {
  while (heard.judged() < frames) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

MonitorOptions clean_cameras(const DetectionArguments& arguments, const fs::path& folder) {
  MonitorOptions options;
  options.folder = folder;
  options.threads = arguments.threads;
  options.verdict_bytes = 0;
  for (int i = 0; i < arguments.cameras; ++i) {
    CameraOptions camera = arguments.camera;
    camera.name = fmt::format("camera-{}", i);
    camera.input.seed = static_cast<std::uint64_t>(i);
    camera.input.faults = false;
    options.cameras.push_back(std::move(camera));
  }
  return options;
}

void print_alarms(const std::vector<MonitorAlarm>& alarms, const char* title,
                  std::uint64_t frames) {
  std::map<AlarmKind, int> counts;
  for (const MonitorAlarm& alarm : alarms) {
    ++counts[alarm.kind];
    fmt::print("  {} at {}: score {:.3f}, p-value {:.2g}\n", alarm.id, utc_text(alarm.raised),
               alarm.highest_score, alarm.lowest_p_value);
  }
  fmt::print("{}, {} clean frames: {} alarms of frames, {} of drift, {} of silence\n", title,
             frames, counts[AlarmKind::kFrames], counts[AlarmKind::kDrift],
             counts[AlarmKind::kSilent]);
}

/// When the clean cameras have ended.
MonitorTime run_clean(const DetectionArguments& arguments, const fs::path& folder) {
  Heard heard(true);
  SharedSimulatedClock clock(static_cast<std::size_t>(arguments.cameras));
  MonitorCore core(clean_cameras(arguments, folder), heard, clock);
  core.start();
  wait_for_frames(heard, arguments.learned_frames);
  const std::size_t before = heard.alarms().size();
  const std::uint64_t learned = heard.judged();
  for (const CameraStatus& camera : core.cameras()) {
    fmt::print("{}: threshold {:.3f} ({}), {:.3g} false alarms a day expected\n", camera.name,
               camera.threshold,
               camera.is_threshold_learned   ? "learned"
               : camera.is_threshold_guessed ? "guessed"
                                             : "vouched for",
               camera.expected_false_alarms_per_day);
  }
  wait_for_frames(heard, learned + arguments.clean_frames);
  const std::uint64_t judged = heard.judged();
  core.stop();
  std::vector<MonitorAlarm> alarms = heard.alarms();
  const auto middle = alarms.begin() + static_cast<std::ptrdiff_t>(before);
  print_alarms({alarms.begin(), middle}, "at first", learned);
  print_alarms({middle, alarms.end()}, "then", judged - learned);
  return clock.now();
}

/// A seed whose first fault is this one, and comes early. `number` tells several apart.
std::pair<std::uint64_t, SimulatedFault> seed_of(challenge::Type type, int level, int number) {
  constexpr std::uint64_t kLatest = 400;
  for (std::uint64_t seed = 1;; ++seed) {
    FaultScript script(seed);
    for (std::uint64_t frame = 0; frame <= kLatest; ++frame) {
      const std::optional<SimulatedFault> fault = script.at(frame);
      if (fault && fault->type == type && fault->level == level && number-- == 0) {
        return {seed, *fault};
      }
      if (fault) {
        break;
      }
    }
  }
}

struct Tally {
  int trials = 0;
  int within = 0;
  int early = 0;                           ///< alarms before the fault came
  std::vector<std::uint64_t> frames = {};  ///< until the alarm, where one came
};

/// A fault comes to a camera that has seen what `clean` has; how many frames until its alarm.
void run_trial(const DetectionArguments& arguments, const fs::path& clean, const fs::path& folder,
               MonitorTime begin, std::uint64_t seed, const SimulatedFault& fault, Tally& tally) {
  fs::remove_all(folder);
  fs::copy(clean, folder, fs::copy_options::recursive);
  MonitorOptions options = clean_cameras(arguments, folder);
  options.cameras.resize(1);
  options.cameras[0].input.seed = seed;
  options.cameras[0].input.faults = true;
  options.snapshots = 0;
  Heard heard(false);
  SharedSimulatedClock clock(1);
  clock.jump(std::chrono::duration_cast<std::chrono::seconds>(begin - clock.now()));
  {
    MonitorCore core(options, heard, clock);
    core.start();
    wait_for_frames(heard, fault.first_frame + arguments.frames_of_fault);
    core.stop();
  }
  ++tally.trials;
  for (const std::uint64_t frame : heard.frames_of_alarms()) {
    if (frame < fault.first_frame) {
      ++tally.early;
    } else if (frame < fault.first_frame + arguments.frames_of_fault) {
      const std::uint64_t frames = frame - fault.first_frame + 1;
      tally.frames.push_back(frames);
      tally.within += frames <= kWithin ? 1 : 0;
      return;
    }
  }
}

std::string shown(Tally& tally) {
  std::ranges::sort(tally.frames);
  const std::string median =
      tally.frames.empty() ? "-" : fmt::format("{}", tally.frames[tally.frames.size() / 2]);
  return fmt::format("{:>3} of {} ({:>2}{})", tally.within, tally.trials, median,
                     tally.early > 0 ? fmt::format(", {} early", tally.early) : "");
}

}  // namespace

void run_detection(const DetectionArguments& arguments, const fs::path& folder) {
  const fs::path clean = folder / "clean";
  fs::create_directories(clean);
  const MonitorTime end = run_clean(arguments, clean);
  fmt::print("alarms within {} frames of a fault's begin (median of frames until they came):\n",
             kWithin);
  Tally all;
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    std::string line = fmt::format("{:<16}", info.name);
    for (int level = kFirstLevel; level <= challenge::kLevels; ++level) {
      Tally tally;
      for (int trial = 0; trial < arguments.trials; ++trial) {
        const auto [seed, fault] = seed_of(info.type, level, trial);
        run_trial(arguments, clean, folder / "trial", end, seed, fault, tally);
      }
      all.trials += tally.trials;
      all.within += tally.within;
      all.early += tally.early;
      line += fmt::format(" | level {}: {}", level, shown(tally));
    }
    fmt::print("{}\n", line);
    std::fflush(stdout);
  }
  fmt::print("{} of {} within {} frames; {} alarms before the fault came\n", all.within, all.trials,
             kWithin, all.early);
}

}  // namespace gradspace::bench
