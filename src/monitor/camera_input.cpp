// The thread that reads a camera.
#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "core/random.h"
#include "monitor/camera.h"

namespace gradspace::monitor {
namespace {

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::seconds kLongestPause{30};

/// The next pause before an input is opened again: twice as long, but for chance, so that many cameras of one switch
/// do not come back in step.
std::chrono::nanoseconds next_pause(std::chrono::nanoseconds pause, std::string_view camera,
                                    std::uint64_t trial) {
  Random random(combine(hash_text(camera), trial));
  const double longer = in_seconds(pause) * random.uniform(1.5, 2.5);
  return std::min<std::chrono::nanoseconds>(seconds(longer), kLongestPause);
}

}  // namespace

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

}  // namespace gradspace::monitor
