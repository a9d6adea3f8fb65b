// The time, as a monitor sees it: tests give it another one, in which a day passes in a minute.
#pragma once

#include <chrono>

#include "gradspace/monitor.h"
#include "monitor/stop_signal.h"

namespace gradspace::monitor {

/// Of durations. It does not jump when somebody sets the system's clock.
using SteadyTime = std::chrono::steady_clock::time_point;

inline std::chrono::nanoseconds seconds(double value) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(value));
}

inline double in_seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  /// For people and files.
  virtual MonitorTime now() = 0;
  /// For durations.
  virtual SteadyTime steady() = 0;
  /// Waits. False when the signal came before that time.
  virtual bool sleep_until(SteadyTime time, const StopSignal& stop) = 0;
  /// Time passes when somebody waits, and not by itself: then inputs of their own time wait for their judge.
  virtual bool is_simulated() const { return false; }
};

/// The machine's clocks.
Clock& system_clock();

}  // namespace gradspace::monitor
