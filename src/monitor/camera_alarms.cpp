// What a camera's frames, and frames that do not come, make of its alarms.
#include <algorithm>
#include <utility>

#include "monitor/camera.h"

namespace gradspace::monitor {
namespace {

constexpr std::chrono::seconds kStateEvery{1};

}  // namespace

/// Alarms that are open go on, for as long as they would have been held.
void Camera::reopen_holds(SteadyTime now) {
  const MonitorTime today = parts_.clock.now();
  const auto reopen = [&](AlarmKind kind, AlarmHold& hold) {
    if (const std::optional<MonitorAlarm> alarm = parts_.alarms.open_of(options_.name, kind)) {
      const double left =
          options_.alarms.at_least_s - std::chrono::duration<double>(today - alarm->raised).count();
      hold.reopen(now + seconds(std::clamp(left, 0.0, options_.alarms.at_least_s)));
    }
  };
  reopen(AlarmKind::kFrames, record_.rule().hold());
  reopen(AlarmKind::kDrift, record_.drift_hold());
  reopen(AlarmKind::kSilent, silent_hold_);
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
  tell(alarm);
}

void Camera::clear(AlarmKind kind, MonitorTime time, std::uint64_t frame) {
  const std::optional<MonitorAlarm> open = parts_.alarms.open_of(options_.name, kind);
  if (!open) {
    return;
  }
  if (const auto cleared = parts_.alarms.clear(open->id, time, frame)) {
    tell(*cleared);
  }
}

/// What is found out while the state is read is told when the monitor starts, as all that was not delivered.
void Camera::tell(const MonitorAlarm& alarm) const {
  if (!restoring_) {
    parts_.listener.on_alarm(alarm);
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
    if (changed_ && !deciding_ && now - state_written_ >= kStateEvery) {
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

}  // namespace gradspace::monitor
