// How a monitor bears its load: `gradspace_monitor_bench load` has simulated cameras in real time, and tells how long
// frames took from being read to their verdict; `... soak` has a day of frames as fast as they are judged, and tells
// how its memory grew; `... detect` tells how soon faults raise an alarm, and how many alarms are false; `... causes`
// tells what damaged photographs are called.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "detection.h"
#include "gradspace/causes.h"
#include "gradspace/monitor.h"
#include "monitor/monitor_core.h"
#include "monitor/simulated_clock.h"

namespace {

using namespace gradspace;
namespace fs = std::filesystem;

/// Counts latencies in steps of 0.1 ms, so that a day of them takes no memory.
class Latencies final : public MonitorListener {
 public:
  void on_verdict(const FrameVerdict& verdict) override {
    const auto step = static_cast<std::size_t>(std::max(0.0, verdict.latency_s) * 1e4);
    ++steps_[std::min(step, steps_.size() - 1)];
    ++judged;
    failures += verdict.failure.empty() ? 0 : 1;
  }
  void on_alarm(const MonitorAlarm& alarm) override {
    if (!alarm.cleared && !alarm.acknowledged) {
      ++(alarm.kind == AlarmKind::kFrames ? alarms : other_alarms);
    }
  }
  void on_camera(const CameraStatus&) override {}
  void on_remark(std::string_view, std::string_view) override {}

  double quantile_ms(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(judged - 1));
    std::uint64_t seen = 0;
    std::size_t step = 0;
    while (step + 1 < steps_.size() && (seen += steps_[step]) <= wanted) {
      ++step;
    }
    return static_cast<double>(step + 1) / 10;
  }

  std::atomic<std::uint64_t> judged{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> alarms{0};        ///< of frames
  std::atomic<std::uint64_t> other_alarms{0};  ///< of drift and silence

 private:
  std::array<std::atomic<std::uint64_t>, 50'000> steps_{};
};

struct BenchArguments {
  CameraOptions camera;
  int cameras = 16;
  int threads = 2;
  double time_s = 20;
  std::uint64_t frames = 1'000'000;
};

double megabytes_resident() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0;
  file >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

MonitorOptions options_of(const BenchArguments& arguments, const fs::path& folder) {
  MonitorOptions options;
  options.folder = folder;
  options.threads = arguments.threads;
  options.verdict_bytes = std::uint64_t{64} << 20;
  for (int i = 0; i < arguments.cameras; ++i) {
    CameraOptions camera = arguments.camera;
    camera.name = fmt::format("camera-{}", i);
    camera.input.kind = CameraInputKind::kSimulated;
    camera.input.seed = static_cast<std::uint64_t>(i);
    options.cameras.push_back(std::move(camera));
  }
  return options;
}

void print_load(const monitor::MonitorCore& core, const Latencies& latencies) {
  std::uint64_t frames = 0;
  std::uint64_t dropped = 0;
  for (const CameraStatus& status : core.cameras()) {
    frames += status.frames;
    dropped += status.dropped;
  }
  fmt::print("{} frames read, {} judged, {} dropped, {} failures, {} alarms of frames, {} others\n",
             frames, latencies.judged.load(), dropped, latencies.failures.load(),
             latencies.alarms.load(), latencies.other_alarms.load());
  fmt::print(
      "from frame to verdict: median {:.1f} ms, 95 % {:.1f} ms, 99 % {:.1f} ms, most {:.1f} ms\n",
      latencies.quantile_ms(0.5), latencies.quantile_ms(0.95), latencies.quantile_ms(0.99),
      latencies.quantile_ms(1));
}

void run_load(const BenchArguments& arguments, const fs::path& folder) {
  Latencies latencies;
  monitor::MonitorCore core(options_of(arguments, folder), latencies);
  core.start();
  std::this_thread::sleep_for(std::chrono::duration<double>(arguments.time_s));
  core.stop();
  print_load(core, latencies);
  std::array<double, 3> load{};
  static_cast<void>(::getloadavg(load.data(), 3));
  fmt::print("load average of the machine {:.1f}; {:.0f} MB resident\n", load[0],
             megabytes_resident());
}

/// Of a clock that stands still but while cameras wait: frames come as fast as they are judged, and span a day.
void run_soak(BenchArguments arguments, const fs::path& folder) {
  const double each = static_cast<double>(arguments.frames) / arguments.cameras;
  arguments.camera.input.frames_per_second = each / 86400;
  arguments.camera.drift_every_s =
      arguments.camera.input.scene_seconds();  // drift sees each scene once
  arguments.camera.alarms.silent_after_s = 10 / arguments.camera.input.frames_per_second;
  Latencies latencies;
  monitor::SharedSimulatedClock clock(static_cast<std::size_t>(arguments.cameras));
  monitor::MonitorCore core(options_of(arguments, folder), latencies, clock);
  core.start();
  for (std::uint64_t tenth = 1; tenth <= 10; ++tenth) {
    while (latencies.judged < arguments.frames * tenth / 10) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    fmt::print("{:>9} frames, {}: {:.1f} MB resident, {} alarms of frames, {} others\n",
               latencies.judged.load(), utc_text(clock.now()), megabytes_resident(),
               latencies.alarms.load(), latencies.other_alarms.load());
    std::fflush(stdout);
  }
  core.stop();
}

void run_detection(const BenchArguments& arguments, bench::DetectionArguments detection,
                   double learned_days, const fs::path& folder) {
  const double rate = arguments.camera.input.frames_per_second;
  detection.camera = arguments.camera;
  detection.camera.input.kind = CameraInputKind::kSimulated;
  detection.camera.drift_every_s = detection.camera.input.scene_seconds();
  detection.cameras = arguments.cameras;
  detection.threads = arguments.threads;
  detection.learned_frames =
      static_cast<std::uint64_t>(learned_days * 86400 * rate * arguments.cameras);
  detection.clean_frames = arguments.frames;
  bench::run_detection(detection, folder);
}

/// Names the cause of every photograph of a folder, compared with the clean one of its name, and alone.
void run_causes(const BenchArguments& arguments, const fs::path& damaged) {
  const Detector detector = read_detector(arguments.camera.detector);
  const Causes causes = read_causes(arguments.camera.causes);
  std::optional<Model> model;
  if (!arguments.camera.model.empty()) {
    model = read_model(arguments.camera.model);
  }
  std::map<std::string, int> compared;
  std::map<std::string, int> alone;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(damaged)) {
    if (!entry.is_regular_file()) {
      continue;
    }
    const Image image = read_image(entry.path());
    CauseNamer namer(model ? &*model : nullptr, detector, causes);
    ++alone[namer.name(image)];
    const fs::path clean = fs::path(arguments.camera.input.address) / entry.path().stem();
    namer.see_clean(read_image(clean.string() + ".png"));
    ++compared[namer.name(image)];
  }
  for (const auto& [title, names] : {std::pair("compared", compared), std::pair("alone", alone)}) {
    fmt::print("{}:", title);
    for (const auto& [name, count] : names) {
      fmt::print(" {} {}", name, count);
    }
    fmt::print("\n");
  }
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("How a monitor bears its load");
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  BenchArguments bench;
  CLI::App* const load = app.add_subcommand("load", "In real time");
  CLI::App* const soak = app.add_subcommand("soak", "A day of frames, as fast as they are judged");
  bench.camera.input.frames_per_second = 10;
  bench.camera.input.width = 640;
  bench.camera.input.height = 480;
  CLI::App* const detect =
      app.add_subcommand("detect", "Frames until faults raise an alarm, and false alarms");
  CLI::App* const naming = app.add_subcommand("causes", "What damaged photographs are called");
  fs::path damaged;
  naming->add_option("damaged", damaged)->required();
  for (CLI::App* const part : {load, soak, detect, naming}) {
    part->add_option("--detector", bench.camera.detector)->required();
    part->add_option("--model", bench.camera.model);
    part->add_option("--causes", bench.camera.causes);
    part->add_option("--photographs", bench.camera.input.address)->required();
    part->add_option("--cameras", bench.cameras)->check(CLI::PositiveNumber);
    part->add_option("--threads", bench.threads)->check(CLI::PositiveNumber);
    part->add_option("--width", bench.camera.input.width);
    part->add_option("--height", bench.camera.input.height);
    part->add_flag("!--clean", bench.camera.input.faults, "No faults");
  }
  load->add_option("--rate", bench.camera.input.frames_per_second);
  load->add_option("--time", bench.time_s, "Seconds");
  soak->add_option("--frames", bench.frames);
  bench::DetectionArguments detection;
  double learned_days = 1.01;
  detect->add_option("--frames", bench.frames,
                     "Clean frames of all cameras after they have learned");
  detect->add_option("--rate", bench.camera.input.frames_per_second);
  detect->add_option("--learned-days", learned_days, "That cameras are clean at first");
  detect->add_option("--trials", detection.trials, "Of each challenge and level");
  detect->add_option("--false-alarms-per-day", bench.camera.alarms.false_alarms_per_day);
  detect->add_option("--drift-reference", bench.camera.drift.reference,
                     "Drift compares with so many of each camera's first scenes; 0 = with the "
                     "detector's clean images");
  detect->add_flag("!--guess", bench.camera.alarms.learn_threshold, "Do not learn the threshold");
  CLI11_PARSE(app, count, arguments);
  const fs::path folder =
      fs::temp_directory_path() / fmt::format("gradspace-monitor-bench-{}", ::getpid());
  if (load->parsed()) {
    run_load(bench, folder);
  } else if (soak->parsed()) {
    run_soak(bench, folder);
  } else if (detect->parsed()) {
    run_detection(bench, detection, learned_days, folder);
  } else {
    run_causes(bench, damaged);
  }
  fs::remove_all(folder);
  return 0;
}
