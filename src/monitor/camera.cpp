#include "monitor/camera.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "core/random.h"
#include "gradspace/error.h"
#include "image/picture_strip.h"

namespace gradspace::monitor {
namespace {

/// Frames that can't be read are told of one by one, up to so many that wait.
constexpr std::size_t kMostFailures = 16;
constexpr std::chrono::seconds kStateEvery{1};
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::seconds kLongestPause{30};
/// Where nobody says how many frames a second come.
constexpr double kAssumedRate = 1;
constexpr int kFrameQuality = 80;

/// Tells files from what lies under their names later on.
std::string state_of_files(const CameraOptions& options) {
  std::string state;
  for (const std::filesystem::path& path : {options.model, options.detector, options.causes}) {
    struct stat status = {};
    if (!path.empty() && ::stat(path.c_str(), &status) == 0) {
      state += fmt::format("{}:{}:{}.{};", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                           status.st_mtim.tv_nsec);
    }
  }
  return state;
}

/// The next pause before an input is opened again: twice as long, but for chance, so that many cameras of one switch
/// do not come back in step.
std::chrono::nanoseconds next_pause(std::chrono::nanoseconds pause, std::string_view camera,
                                    std::uint64_t trial) {
  Random random(combine(hash_text(camera), trial));
  const double longer = in_seconds(pause) * random.uniform(1.5, 2.5);
  return std::min<std::chrono::nanoseconds>(seconds(longer), kLongestPause);
}

}  // namespace

Camera::Camera(const CameraOptions& options, const MonitorParts& parts, RecordFiles files)
    : options_(options),
      files_state_(state_of_files(options)),
      parts_(parts),
      judge_(options),
      tail_(judge_.detector()),
      record_(options, judge_.detector(), std::move(files)),
      silent_hold_(options.alarms.at_least_s) {}

Camera::~Camera() {
  request_stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool Camera::is_as(const CameraOptions& options) const {
  return options == options_ && state_of_files(options) == files_state_;
}

void Camera::remark(const std::string& line) const {
  parts_.listener.on_remark(options_.name, line);
}

void Camera::restore() {
  const SteadyTime now = parts_.clock.steady();
  last_frame_ = now;
  const double rate = options_.input.frames_per_second;
  set_rate(rate > 0 ? rate : kAssumedRate);
  say_threshold();
  reopen_holds();
  const CameraRecord::Decided decided = {
      parts_.alarms.decided_up_to(options_.name, AlarmKind::kFrames),
      parts_.alarms.decided_up_to(options_.name, AlarmKind::kDrift)};
  record_.restore(
      decided, now, [this](const std::string& line) { remark(line); },
      [this](const FrameVerdict& verdict, const RecordChange& change) {
        change_alarms(verdict, change, {});
      });
  // A frame that raised an alarm has that number at least.
  CameraCounters& counters = record_.counters();
  const std::uint64_t least = std::max(decided.frames, decided.drift);
  if (counters.frames < least) {
    counters.dropped += least - counters.frames;
    counters.frames = least;
  }
}

/// Alarms that are open go on, for as long as they would have been held.
void Camera::reopen_holds() {
  const MonitorTime now = parts_.clock.now();
  const auto reopen = [&](AlarmKind kind, AlarmHold& hold) {
    if (const std::optional<MonitorAlarm> alarm = parts_.alarms.open_of(options_.name, kind)) {
      const double left =
          options_.alarms.at_least_s - std::chrono::duration<double>(now - alarm->raised).count();
      hold.reopen(parts_.clock.steady() +
                  seconds(std::clamp(left, 0.0, options_.alarms.at_least_s)));
    }
  };
  reopen(AlarmKind::kFrames, record_.rule().hold());
  reopen(AlarmKind::kDrift, record_.drift_hold());
  reopen(AlarmKind::kSilent, silent_hold_);
}

void Camera::set_rate(double frames_per_second) {
  nominal_rate_ = frames_per_second;
  threshold_ = AlarmThreshold::of(judge_.detector(), options_.alarms, frames_per_second);
}

void Camera::say_threshold() const {
  std::string line;
  {
    const std::lock_guard lock(mutex_);
    line = threshold_.remark;
  }
  if (!line.empty()) {
    remark(line);
  }
}

void Camera::start() {
  if (options_.input.kind == CameraInputKind::kPush) {
    set_connected(0);
  } else {
    thread_ = std::thread([this] { read_frames(); });
  }
}

void Camera::request_stop() {
  stop_.request();
  const std::lock_guard lock(mutex_);
  taken_.notify_all();
}

void Camera::finish() {
  if (thread_.joinable()) {
    thread_.join();
  }
  const std::lock_guard lock(mutex_);
  if (waiting_) {
    waiting_.reset();
    ++record_.counters().dropped;
  }
  record_.write_state(true);
}

void Camera::retire() {
  {
    std::unique_lock lock(mutex_);
    retired_ = true;
    taken_.wait(lock, [this] { return !judging_; });
  }
  finish();
}

void Camera::read_frames() {
  std::chrono::nanoseconds pause = kFirstPause;
  for (std::uint64_t trial = 1; !stop_.requested(); ++trial) {
    if (read_until_end(pause) || stop_.requested()) {
      break;
    }
    stop_.wait(pause);
    pause = next_pause(pause, options_.name, trial);
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  connected_ = false;
}

bool Camera::read_until_end(std::chrono::nanoseconds& pause) {
  std::unique_ptr<FrameReader> reader;
  try {
    reader = open_frames(options_.input, {parts_.clock, stop_, lost_at_});
    set_connected(reader->frames_per_second());
    while (std::optional<LiveFrame> frame = reader->next()) {
      pause = kFirstPause;
      put(std::move(*frame), reader->is_live());
    }
    return true;
  } catch (const std::exception& error) {
    if (stop_.requested()) {
      return true;
    }
    const bool is_for_good = reader != nullptr && !reader->reopens();
    if (is_for_good) {
      LiveFrame frame = ReaderSurroundings{parts_.clock, stop_, {}}.frame_now();
      frame.failure = error.what();
      put(std::move(frame), true);
    }
    set_lost(error.what());
    return is_for_good;
  }
}

void Camera::set_connected(double frames_per_second) {
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    connected_ = true;
    trouble_.clear();
    record_.counters().reconnects += was_connected_ ? 1 : 0;
    was_connected_ = true;
    is_news = options_.input.frames_per_second == 0 && frames_per_second > 0 &&
              std::abs(frames_per_second - nominal_rate_) > 0.01 * nominal_rate_;
    if (is_news) {
      set_rate(frames_per_second);
    }
  }
  if (is_news) {
    say_threshold();
  }
  parts_.listener.on_camera(status());
}

void Camera::set_lost(const std::string& why) {
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    is_news = connected_ || trouble_ != why;
    connected_ = false;
    trouble_ = why;
    lost_at_ = was_connected_ && !lost_at_ ? std::optional(parts_.clock.now()) : lost_at_;
  }
  if (is_news) {
    parts_.listener.on_camera(status());
  }
}

void Camera::put(LiveFrame frame, bool newest_wins) {
  std::unique_lock lock(mutex_);
  const bool failed = !frame.failure.empty();
  if (!newest_wins && !failed) {
    taken_.wait(lock, [this] { return !waiting_ || stop_.requested(); });
    if (stop_.requested()) {
      return;
    }
  }
  const std::uint64_t number = ++record_.counters().frames;
  frame_came_ = true;
  last_frame_ = parts_.clock.steady();
  lost_at_.reset();
  changed_ = true;
  if (failed) {
    if (failures_.size() == kMostFailures) {
      failures_.pop_front();
      ++record_.counters().dropped;
    }
    failures_.emplace_back(number, std::move(frame));
  } else {
    record_.counters().dropped += waiting_ ? 1 : 0;
    waiting_ = std::move(frame);
    waiting_number_ = number;
  }
  if (!queued_) {
    queued_ = true;
    parts_.ready.push(shared_from_this());
  }
}

void Camera::judge_waiting() {
  LiveFrame frame;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (retired_) {
      return;
    }
    if (!failures_.empty() && (!waiting_ || failures_.front().first < waiting_number_)) {
      number = failures_.front().first;
      frame = std::move(failures_.front().second);
      failures_.pop_front();
    } else if (waiting_) {
      number = waiting_number_;
      frame = std::move(*waiting_);
      waiting_.reset();
    } else {
      queued_ = false;
      return;
    }
    judging_ = true;
    taken_.notify_all();
  }
  judge(std::move(frame), number);
  const std::lock_guard lock(mutex_);
  judging_ = false;
  taken_.notify_all();
  queued_ = waiting_ || !failures_.empty();
  if (queued_) {
    parts_.ready.push(shared_from_this());
  }
}

void Camera::judge(LiveFrame frame, std::uint64_t number) {
  FrameVerdict verdict;
  verdict.camera = options_.name;
  verdict.number = number;
  verdict.time = frame.time;
  verdict.frame = frame.name;
  verdict.failure = frame.failure;
  Newest newest;
  if (verdict.failure.empty()) {
    look_at(frame, verdict, newest);
  }
  verdict.latency_s = in_seconds(parts_.clock.steady() - frame.read);
  note(verdict, newest);
}

void Camera::look_at(LiveFrame& frame, FrameVerdict& verdict, Newest& newest) {
  try {
    Image image = frame.image ? std::move(*frame.image) : read_image(frame.file);
    PhotographScore score = judge_.judge(image, frame.name.empty() ? options_.name : frame.name);
    if (std::isnan(score.score.score)) {
      throw FormatError("its score is no number");
    }
    verdict.score = score.score.score;
    verdict.p_value = score.score.p_value;
    verdict.columns = score.columns;
    verdict.rows = score.rows;
    verdict.tile_p_values = score.tile_p_values;
    {
      const std::lock_guard lock(mutex_);
      verdict.threshold = threshold_.threshold;
    }
    verdict.out_of_distribution = verdict.score > verdict.threshold;
    newest.image = std::make_shared<const Image>(std::move(image));
    newest.score = std::make_shared<const PhotographScore>(std::move(score));
  } catch (const std::exception& error) {
    verdict.failure = error.what();
  }
}

void Camera::note(const FrameVerdict& verdict, const Newest& newest) {
  RecordChange change;
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = parts_.clock.steady();
    change = record_.add(verdict, now);
    rate_.count(now);
    changed_ = true;
    if (newest.image != nullptr) {
      newest_ = newest;
      newest_.verdict = verdict;
    }
  }
  parts_.listener.on_verdict(verdict);
  change_alarms(verdict, change, newest);
}

void Camera::change_alarms(const FrameVerdict& verdict, const RecordChange& change,
                           const Newest& newest) {
  if (change.frames == AlarmChange::kRaise) {
    raise(AlarmKind::kFrames, verdict, newest);
  } else if (change.frames == AlarmChange::kClear) {
    clear(AlarmKind::kFrames, verdict.time, verdict.number);
  } else if (verdict.out_of_distribution) {
    if (const auto open = parts_.alarms.open_of(options_.name, AlarmKind::kFrames)) {
      parts_.alarms.note_extremes(open->id, verdict.score, verdict.p_value);
    }
  }
  if (change.drift == AlarmChange::kRaise) {
    FrameVerdict window = verdict;
    window.score = change.window->median_score;
    window.p_value = change.window->p_value;
    window.cause.clear();
    raise(AlarmKind::kDrift, window, newest);
  } else if (change.drift == AlarmChange::kClear) {
    clear(AlarmKind::kDrift, verdict.time, verdict.number);
  }
}

void Camera::raise(AlarmKind kind, const FrameVerdict& verdict, const Newest& newest) {
  MonitorAlarm alarm;
  alarm.camera = options_.name;
  alarm.kind = kind;
  alarm.raised = verdict.time;
  alarm.cause = verdict.cause;
  alarm.highest_score = verdict.score;
  alarm.lowest_p_value = verdict.p_value;
  const std::string id = parts_.alarms.next_id(options_.name, kind);
  alarm.snapshot = newest.image == nullptr
                       ? parts_.snapshots.find(id)
                       : parts_.snapshots.save(id, *newest.image, *newest.score, judge_.tiling(),
                                               parts_.clock.steady());
  alarm = parts_.alarms.raise(std::move(alarm), verdict.number);
  {
    const std::lock_guard lock(mutex_);
    ++record_.counters().alarms;
    record_.write_state(false);
  }
  parts_.listener.on_alarm(alarm);
}

void Camera::clear(AlarmKind kind, MonitorTime time, std::uint64_t frame) {
  const std::optional<MonitorAlarm> open = parts_.alarms.open_of(options_.name, kind);
  if (!open) {
    return;
  }
  if (const auto cleared = parts_.alarms.clear(open->id, time, frame)) {
    parts_.listener.on_alarm(*cleared);
  }
}

void Camera::tick() {
  const SteadyTime now = parts_.clock.steady();
  AlarmChange silent = AlarmChange::kNone;
  FrameVerdict none;
  {
    const std::lock_guard lock(mutex_);
    const double limit = options_.alarms.silent_after_s;
    const bool is_silent = limit > 0 && !ended_ && in_seconds(now - last_frame_) > limit;
    if (is_silent && !silent_hold_.is_open()) {
      silent_hold_.open(now);
      silent = AlarmChange::kRaise;
    } else if (!is_silent && frame_came_ && silent_hold_.is_over(now)) {
      silent_hold_.close();
      silent = AlarmChange::kClear;
    }
    none.number = record_.counters().frames;
    if (changed_ && now - state_written_ >= kStateEvery) {
      record_.write_state(false);
      state_written_ = now;
      changed_ = false;
    }
  }
  none.time = parts_.clock.now();
  if (silent == AlarmChange::kRaise) {
    raise(AlarmKind::kSilent, none, {});
  } else if (silent == AlarmChange::kClear) {
    clear(AlarmKind::kSilent, none.time, none.number);
  }
}

bool Camera::is_ended() const {
  const std::lock_guard lock(mutex_);
  return ended_ && !queued_;
}

bool Camera::records_stopped() const {
  const std::lock_guard lock(mutex_);
  return record_.is_stopped();
}

CameraStatus Camera::status() const {
  CameraStatus status;
  status.name = options_.name;
  status.detector_method = judge_.detector().method;
  {
    const std::lock_guard lock(mutex_);
    const CameraCounters& counters = record_.counters();
    status.connected = connected_;
    status.trouble = trouble_;
    status.frames = counters.frames;
    status.judged = counters.judged;
    status.dropped = counters.dropped;
    status.failures = counters.failures;
    status.out_of_distribution = counters.out_of_distribution;
    status.reconnects = counters.reconnects;
    status.alarms = counters.alarms;
    status.frames_per_second = rate_.per_second(parts_.clock.steady());
    status.threshold = threshold_.threshold;
    const double rate = status.frames_per_second > 0 ? status.frames_per_second : nominal_rate_;
    status.expected_false_alarms_per_day =
        false_alarms_per_day(threshold_.rate, rate, options_.alarms);
    if (const std::optional<DriftMonitor>& drift = record_.drift()) {
      const auto windows = static_cast<double>(drift->windows());
      status.drift_windows = drift->windows();
      status.drift_p_value = record_.drift_p_value();
      status.drift_budget_spent = windows / (windows + 1);  // the sum of 1 / (k (k + 1))
    }
    if (newest_.image != nullptr) {
      status.newest = newest_.verdict;
    }
  }
  status.open_alarms = parts_.alarms.all_open(options_.name);
  return status;
}

std::vector<std::uint8_t> Camera::newest_jpeg(int width, bool map) const {
  Newest newest;
  {
    const std::lock_guard lock(mutex_);
    newest = newest_;
  }
  if (newest.image == nullptr || width < 1) {
    return {};
  }
  const Image picture =
      map ? with_map(*newest.image, *newest.score, judge_.tiling()) : to_rgb(*newest.image);
  const double scale = std::min(1.0, static_cast<double>(width) / picture.width());
  const int height = std::max(1, static_cast<int>(std::lround(scale * picture.height())));
  return encode_image(scale < 1 ? resize_bilinear(picture, width, height) : picture,
                      ImageFormat::kJpeg, {kFrameQuality});
}

}  // namespace gradspace::monitor
