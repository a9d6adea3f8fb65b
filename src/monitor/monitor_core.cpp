#include "monitor/monitor_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/threads.h"

namespace gradspace::monitor {
namespace {

namespace fs = std::filesystem;

/// How often it is looked for what no frame tells.
constexpr std::chrono::milliseconds kWatchEvery{200};

const MonitorOptions& valid(const MonitorOptions& options) {
  options.validate();
  return options;
}

OutputLock locked_folder(const fs::path& folder) {
  OutputLock lock = OutputLock::of_folder(folder);
  make_folder(folder / "cameras");
  make_folder(folder / "verdicts");
  return lock;
}

}  // namespace

MonitorCore::MonitorCore(const MonitorOptions& options, MonitorListener& listener, Clock& clock)
    : folder_(valid(options).folder),
      listener_(listener),
      clock_(clock),
      lock_(locked_folder(options.folder)),
      alarms_(options.folder),
      snapshots_(options.folder / "snapshots", {options.snapshots, options.snapshot_bytes}),
      threads_(options.threads) {
  for (const CameraOptions& camera : options.cameras) {
    cameras_.push_back(make_camera(camera, options));
  }
  if (alarms_.damaged_lines() > 0) {
    listener_.on_remark(
        "", fmt::format("{}: {} lines can't be read and are left out",
                        (options.folder / "alarms.jsonl").string(), alarms_.damaged_lines()));
  }
  for (const std::shared_ptr<Camera>& camera : cameras_) {
    camera->restore();
  }
}

MonitorCore::~MonitorCore() {
  stop();
}

std::shared_ptr<Camera> MonitorCore::make_camera(const CameraOptions& camera,
                                                 const MonitorOptions& options) {
  const RecordFiles files = {options.folder / "cameras" / (camera.name + ".json"),
                             options.folder / "verdicts" / (camera.name + ".jsonl"),
                             options.verdict_bytes / options.cameras.size()};
  return std::make_shared<Camera>(
      camera, MonitorParts{clock_, listener_, alarms_, snapshots_, ready_}, files);
}

MonitorCore::Cameras MonitorCore::present() const {
  const std::lock_guard lock(cameras_mutex_);
  return cameras_;
}

std::shared_ptr<Camera> MonitorCore::camera_of(std::string_view name) const {
  for (std::shared_ptr<Camera>& camera : present()) {
    if (camera->options().name == name) {
      return std::move(camera);
    }
  }
  return nullptr;
}

void MonitorCore::start() {
  const std::lock_guard lock(run_mutex_);
  if (running_) {
    return;
  }
  running_ = true;
  for (const MonitorAlarm& alarm : alarms_.undelivered()) {
    listener_.on_alarm(alarm);
  }
  start_workers();
  watch_stop_.emplace();
  watch_ = std::thread([this] { keep_watch(); });
  for (const std::shared_ptr<Camera>& camera : present()) {
    camera->start();
  }
}

void MonitorCore::stop() {
  const std::lock_guard lock(run_mutex_);
  if (!running_) {
    return;
  }
  running_ = false;
  const Cameras cameras = present();
  for (const std::shared_ptr<Camera>& camera : cameras) {
    camera->request_stop();
  }
  watch_stop_->request();
  watch_.join();
  stop_workers();
  for (const std::shared_ptr<Camera>& camera : cameras) {
    camera->finish();
  }
  alarms_.write_pending();
}

void MonitorCore::start_workers() {
  const int threads = threads_ > 0 ? threads_ : usable_threads();
  ready_.open();
  for (int i = 0; i < threads; ++i) {
    workers_.emplace_back([this] { work(); });
  }
}

void MonitorCore::stop_workers() {
  ready_.close();
  for (std::thread& worker : workers_) {
    worker.join();
  }
  workers_.clear();
}

void MonitorCore::work() {
  while (const std::shared_ptr<Camera> camera = ready_.pop()) {
    camera->judge_waiting();
  }
}

void MonitorCore::keep_watch() {
  while (!watch_stop_->wait(kWatchEvery)) {
    for (const std::shared_ptr<Camera>& camera : present()) {
      camera->tick();
    }
    alarms_.write_pending();
  }
}

bool MonitorCore::ended() const {
  const Cameras cameras = present();
  return std::ranges::all_of(cameras, [](const auto& camera) { return camera->is_ended(); });
}

void MonitorCore::reload(const MonitorOptions& options) {
  const std::lock_guard lock(run_mutex_);
  options.validate();
  if (options.folder != folder_) {
    throw InvalidArgument(
        fmt::format("monitor: the folder {} can't become {} while the monitor runs",
                    folder_.string(), options.folder.string()));
  }
  const Cameras before = present();
  Cameras after;
  Cameras begun;
  for (const CameraOptions& wanted : options.cameras) {
    const auto same =
        std::ranges::find_if(before, [&](const auto& camera) { return camera->is_as(wanted); });
    after.push_back(same != before.end() ? *same : make_camera(wanted, options));
    if (same == before.end()) {
      begun.push_back(after.back());
    }
  }
  // Nothing throws from here on.
  Cameras gone = before;
  std::erase_if(
      gone, [&](const auto& camera) { return std::ranges::find(after, camera) != after.end(); });
  for (const std::shared_ptr<Camera>& camera : gone) {
    camera->request_stop();
  }
  for (const std::shared_ptr<Camera>& camera : gone) {
    camera->retire();
  }
  for (const std::shared_ptr<Camera>& camera : begun) {
    camera->restore();
  }
  {
    const std::lock_guard cameras_lock(cameras_mutex_);
    cameras_ = after;
  }
  snapshots_.set_limits({options.snapshots, options.snapshot_bytes});
  const bool other_threads = options.threads != threads_;
  threads_ = options.threads;
  if (running_) {
    for (const std::shared_ptr<Camera>& camera : begun) {
      camera->start();
    }
    if (other_threads) {
      stop_workers();
      start_workers();
    }
  }
}

std::vector<CameraStatus> MonitorCore::cameras() const {
  std::vector<CameraStatus> all;
  for (const std::shared_ptr<Camera>& camera : present()) {
    all.push_back(camera->status());
  }
  return all;
}

MonitorHealth MonitorCore::health() const {
  MonitorHealth health;
  health.ready = true;
  health.snapshots_stopped = snapshots_.is_stopped();
  const Cameras cameras = present();
  health.records_stopped =
      std::ranges::any_of(cameras, [](const auto& camera) { return camera->records_stopped(); }) ||
      alarms_.is_stopped();
  if (health.records_stopped || health.snapshots_stopped) {
    health.trouble = fmt::format("{}: the disk takes no {}", folder_.string(),
                                 health.records_stopped ? "records" : "snapshots");
  }
  return health;
}

bool MonitorCore::acknowledge(std::string_view alarm_id) {
  if (!alarms_.find(alarm_id)) {
    return false;
  }
  if (const auto alarm = alarms_.acknowledge(alarm_id, clock_.now())) {
    listener_.on_alarm(*alarm);
  }
  return true;
}

Monitor::Pushed MonitorCore::push(std::string_view name, std::span<const std::uint8_t> file) {
  const std::shared_ptr<Camera> camera = camera_of(name);
  if (camera == nullptr) {
    return Monitor::Pushed::kNoSuchCamera;
  }
  if (camera->options().input.kind != CameraInputKind::kPush) {
    return Monitor::Pushed::kNotPushed;
  }
  LiveFrame frame;
  frame.time = clock_.now();
  frame.read = clock_.steady();
  try {
    frame.image = decode_image(file, name);
  } catch (const Error& error) {
    frame.failure = error.what();
    camera->push(std::move(frame));
    throw;
  }
  camera->push(std::move(frame));
  return Monitor::Pushed::kTaken;
}

std::vector<std::uint8_t> MonitorCore::newest_frame_jpeg(std::string_view name, int width,
                                                         bool map) const {
  const std::shared_ptr<Camera> camera = camera_of(name);
  return camera == nullptr ? std::vector<std::uint8_t>() : camera->newest_jpeg(width, map);
}

std::vector<std::uint8_t> MonitorCore::snapshot(std::string_view alarm_id) const {
  const std::optional<MonitorAlarm> alarm = alarms_.find(alarm_id);
  return alarm && !alarm->snapshot.empty() ? snapshots_.read(alarm->snapshot)
                                           : std::vector<std::uint8_t>();
}

}  // namespace gradspace::monitor
