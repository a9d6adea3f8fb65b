#include "live/simulation.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "gradspace/detector.h"
#include "gradspace/error.h"
#include "gradspace/photograph.h"
#include "gradspace/source.h"
#include "live/log.h"

namespace gradspace::live {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "gradspace-monitor-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw IoError(fmt::format("{}: can't be made", name));
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

namespace {

/// A detector of the photographs themselves: no model is trained, so that it takes seconds.
fs::path fitted_detector(const fs::path& photographs, const fs::path& folder) {
  constexpr double kFalseAlarms = 0.05;
  fs::path file = folder / "detector.safetensors";
  if (fs::exists(file)) {
    return file;
  }
  PhotographOptions options;
  options.method = "photograph-image";
  options.false_alarms = kFalseAlarms;
  const std::unique_ptr<Source> clean = open_source(photographs, SourceKind::kAuto, {});
  log(LogLevel::kInfo, "a detector is fitted to the photographs",
      {{"folder", photographs.string()}});
  JobObserver observer;
  observer.on_failure = [](std::string_view line) { log(LogLevel::kWarning, line); };
  observer.on_remark = [](std::string_view line) { log(LogLevel::kInfo, line); };
  write_detector(file, fit_photographs(nullptr, *clean, options, 0, observer));
  return file;
}

/// The detector was fitted to the very photographs that the cameras show: they are compared with how they began.
DriftOptions drift_of_simulated_cameras() {
  DriftOptions drift;
  drift.reference = 100;
  return drift;
}

}  // namespace

Settings simulated_settings(const MonitorRequest& request, const fs::path& folder) {
  Settings settings;
  settings.monitor.folder = folder / "state";
  const fs::path photographs = fs::absolute(request.photographs);
  const fs::path detector = request.detector.empty() ? fitted_detector(photographs, folder)
                                                     : fs::absolute(request.detector);
  for (int i = 1; i <= request.simulated_cameras; ++i) {
    CameraOptions camera;
    camera.name = fmt::format("camera-{}", i);
    camera.input.kind = CameraInputKind::kSimulated;
    camera.input.address = photographs.string();
    camera.input.frames_per_second = request.simulated_rate;
    camera.input.seed = static_cast<std::uint64_t>(i);
    camera.drift = drift_of_simulated_cameras();
    camera.drift_every_s = camera.input.scene_seconds();  // drift sees each scene once
    camera.detector = detector;
    camera.model = request.model.empty() ? fs::path() : fs::absolute(request.model);
    settings.monitor.cameras.push_back(std::move(camera));
  }
  return settings;
}

std::optional<Settings> simulated_settings_unless_stopped(const MonitorRequest& request,
                                                          const fs::path& folder,
                                                          const HeldSignals& signals) {
  constexpr std::chrono::milliseconds kLookForSignal{50};
  fs::create_directories(folder);
  std::packaged_task<Settings()> fit(
      [request, folder] { return simulated_settings(request, folder); });
  std::future<Settings> settings = fit.get_future();
  std::thread(std::move(fit)).detach();
  while (settings.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    if (is_end(signals.wait(kLookForSignal))) {
      return std::nullopt;
    }
  }
  return settings.get();
}

}  // namespace gradspace::live
