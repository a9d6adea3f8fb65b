// A clock for tests and benchmarks, which stands still until somebody waits, or it is set.
#pragma once

#include <algorithm>
#include <mutex>

#include "monitor/clock.h"
#include "monitor/utc_text.h"

namespace gradspace::monitor {

class SimulatedClock final : public Clock {
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
    now_ += std::chrono::duration_cast<MonitorTime::duration>(std::max(time, steady_) - steady_);
    steady_ = std::max(time, steady_);
    return !stop.requested();
  }
  bool is_simulated() const override { return true; }

  void pass(std::chrono::nanoseconds time) {
    const std::lock_guard lock(mutex_);
    steady_ += time;
    now_ += std::chrono::duration_cast<MonitorTime::duration>(time);
  }
  /// Somebody sets the system's clock.
  void jump(std::chrono::seconds time) {
    const std::lock_guard lock(mutex_);
    now_ += time;
  }

 private:
  std::mutex mutex_;
  MonitorTime now_ = parse_utc("2026-11-27T10:00:00.000Z");
  SteadyTime steady_{std::chrono::hours(1000)};
};

}  // namespace gradspace::monitor
