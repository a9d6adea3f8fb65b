// Clocks for tests and benchmarks, in which a day passes in a minute.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <set>

#include "monitor/clock.h"
#include "monitor/utc_text.h"

namespace gradspace::monitor {

/// It stands still until somebody waits, or it is set. Who waits sets it on, without regard to others.
class SimulatedClock : public Clock {
 public:
  MonitorTime now() override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  SteadyTime steady() override {
    const std::lock_guard lock(mutex_);
    return steady_;
  }
  bool sleep_until(SteadyTime time, const StopSignal& stop) override {
    const std::lock_guard lock(mutex_);
    advance_to(time);
    return !stop.requested();
  }
  bool is_simulated() const override { return true; }

  void pass(std::chrono::nanoseconds time) {
    const std::lock_guard lock(mutex_);
    advance_to(steady_ + time);
  }
  /// Somebody sets the system's clock.
  void jump(std::chrono::seconds time) {
    const std::lock_guard lock(mutex_);
    now_ += time;
  }

 protected:
  /// The mutex is held.
  void advance_to(SteadyTime time) {
    time = std::max(time, steady_);
    now_ += std::chrono::duration_cast<MonitorTime::duration>(time - steady_);
    steady_ = time;
  }

  std::mutex mutex_;
  MonitorTime now_ = parse_utc("2026-11-27T10:00:00.000Z");
  SteadyTime steady_{std::chrono::hours(1000)};
};

/// Of so many who wait: time goes on when all of them do, to where the first is due. So they keep step, however busy
/// the machine is.
class SharedSimulatedClock final : public SimulatedClock {
 public:
  explicit SharedSimulatedClock(std::size_t sleepers) : sleepers_(sleepers) {}

  bool sleep_until(SteadyTime time, const StopSignal& stop) override {
    constexpr std::chrono::milliseconds kLookForStop{20};
    std::unique_lock lock(mutex_);
    const auto due = due_.insert(time);
    advance_if_all_wait();
    while (steady_ < time && !stop.requested()) {
      advanced_.wait_for(lock, kLookForStop);
    }
    due_.erase(due);
    return !stop.requested();
  }

 private:
  void advance_if_all_wait() {
    if (due_.size() == sleepers_) {
      advance_to(*due_.begin());
      advanced_.notify_all();
    }
  }

  const std::size_t sleepers_;
  std::condition_variable advanced_;
  std::multiset<SteadyTime> due_;  ///< of who waits
};

}  // namespace gradspace::monitor
