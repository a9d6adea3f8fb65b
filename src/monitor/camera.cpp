#include "monitor/camera.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "gradspace/error.h"
#include "image/picture_strip.h"

namespace gradspace::monitor {
namespace {

/// Frames that can't be read are told of one by one, up to so many that wait.
constexpr std::size_t kMostFailures = 16;
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

}  // namespace

Camera::Camera(const CameraOptions& options, const MonitorParts& parts, RecordFiles files)
    : options_(options),
      files_state_(state_of_files(options)),
      parts_(parts),
      judge_(options),
      push_sampler_(options.input.frames_per_second),
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
  reopen_holds(now);
  const CameraRecord::Decided decided = {
      parts_.alarms.decided_up_to(options_.name, AlarmKind::kFrames),
      parts_.alarms.decided_up_to(options_.name, AlarmKind::kDrift)};
  restoring_ = true;
  record_.restore(
      decided, now, [this](const std::string& line) { remark(line); },
      [this](const FrameVerdict& verdict, const RecordChange& change) {
        change_alarms(verdict, change, {});
      });
  restoring_ = false;
  // A frame that raised an alarm has that number at least.
  CameraCounters& counters = record_.counters();
  const std::uint64_t least = std::max(decided.frames, decided.drift);
  if (counters.frames < least) {
    counters.dropped += least - counters.frames;
    counters.frames = least;
  }
  say_threshold();
}

void Camera::set_rate(double frames_per_second) {
  nominal_rate_ = frames_per_second;
  threshold_ = AlarmThreshold::of(judge_.detector(), options_.alarms, frames_per_second);
}

void Camera::say_threshold() const {
  std::string line;
  {
    const std::lock_guard lock(mutex_);
    const std::optional<CleanMinutes::Vouched> learned = learned_threshold();
    line = learned ? fmt::format(
                         "{} of the camera's own minutes vouch for {:.3g} false alarms a day at "
                         "a threshold of {:.5g}, which takes the place of the guess of {:.5g}",
                         learned->minutes, learned->alarms_per_day, learned->threshold,
                         threshold_.threshold)
                   : threshold_.remark;
  }
  if (!line.empty()) {
    remark(line);
  }
}

std::optional<CleanMinutes::Vouched> Camera::learned_threshold() const {
  const std::optional<CleanMinutes::Vouched>& vouched = record_.minutes().vouched();
  const bool is_in_force = options_.alarms.learn_threshold && threshold_.is_guessed && vouched &&
                           vouched->threshold < threshold_.threshold;
  return is_in_force ? vouched : std::nullopt;
}

double Camera::threshold_in_force() const {
  const auto learned = learned_threshold();
  return learned ? learned->threshold : threshold_.threshold;
}

/// `before` a frame was taken into account.
void Camera::say_learned(bool before) const {
  bool now = false;
  {
    const std::lock_guard lock(mutex_);
    now = learned_threshold().has_value();
  }
  if (now == before) {
    return;
  }
  if (!now) {
    remark(
        "the camera had more alarms than false ones were asked for: its own minutes vouch for no "
        "threshold any more");
  }
  say_threshold();
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
  record_.counters().dropped += failures_.size();
  failures_.clear();
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

void Camera::push(LiveFrame frame) {
  bool is_wanted = false;
  {
    const std::lock_guard lock(mutex_);
    is_wanted =
        !frame.failure.empty() || push_sampler_.wants(in_seconds(frame.read - SteadyTime{}));
  }
  if (is_wanted) {
    put(std::move(frame), true);
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
      verdict.threshold = threshold_in_force();
    }
    verdict.out_of_distribution = verdict.score > verdict.threshold;
    verdict.cause = judge_.cause(image, score.score, verdict.out_of_distribution, frame.read);
    newest.image = std::make_shared<const Image>(std::move(image));
    newest.score = std::make_shared<const PhotographScore>(std::move(score));
  } catch (const std::exception& error) {
    verdict.failure = error.what();
  }
}

void Camera::note(const FrameVerdict& verdict, const Newest& newest) {
  RecordChange change;
  bool was_learned = false;
  {
    const std::lock_guard lock(mutex_);
    was_learned = learned_threshold().has_value();
    const SteadyTime now = parts_.clock.steady();
    change = record_.add(verdict, now);
    deciding_ = true;
    rate_.count(now);
    changed_ = true;
    if (newest.image != nullptr) {
      newest_ = newest;
      newest_.verdict = verdict;
    }
  }
  parts_.listener.on_verdict(verdict);
  change_alarms(verdict, change, newest);
  say_learned(was_learned);
  const std::lock_guard lock(mutex_);
  deciding_ = false;
  record_.settle(change);
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
    status.frames_per_second = rate_.per_second(parts_.clock.steady());
    const std::optional<CleanMinutes::Vouched> learned = learned_threshold();
    status.threshold = threshold_in_force();
    const double rate = status.frames_per_second > 0 ? status.frames_per_second : nominal_rate_;
    status.expected_false_alarms_per_day =
        learned ? learned->alarms_per_day
                : false_alarms_per_day(threshold_.rate, rate, options_.alarms);
    status.is_threshold_guessed = threshold_.is_guessed && !learned;
    status.is_threshold_learned = learned.has_value();
    if (const std::optional<DriftMonitor>& drift = record_.drift()) {
      const auto windows = static_cast<double>(drift->windows());
      status.drift_windows = drift->windows();
      status.drift_p_value = record_.drift_p_value();
      status.drift_budget_spent = windows / (windows + 1);  // the sum of 1 / (k (k + 1))
      status.drift_reference_missing = drift->reference_missing();
    }
    if (newest_.image != nullptr) {
      status.newest = newest_.verdict;
    }
  }
  status.alarms = parts_.alarms.raised(options_.name);
  status.open_alarms = parts_.alarms.all_open(options_.name);
  return status;
}

std::vector<std::uint8_t> Camera::newest_jpeg(int width, bool map) const {
  Newest newest;
  {
    const std::lock_guard lock(mutex_);
    newest = newest_;
  }
  if (newest.image == nullptr) {
    return {};
  }
  const Image picture =
      map ? with_map(*newest.image, *newest.score, judge_.tiling()) : to_rgb(*newest.image);
  const double scale = width > 0 ? std::min(1.0, static_cast<double>(width) / picture.width()) : 1;
  const int height = std::max(1, static_cast<int>(std::lround(scale * picture.height())));
  return encode_image(scale < 1 ? resize_bilinear(picture, width, height) : picture,
                      ImageFormat::kJpeg, {kFrameQuality});
}

}  // namespace gradspace::monitor
