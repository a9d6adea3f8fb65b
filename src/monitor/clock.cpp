#include "monitor/clock.h"

namespace gradspace::monitor {
namespace {

class SystemClock final : public Clock {
 public:
  MonitorTime now() override { return std::chrono::system_clock::now(); }
  SteadyTime steady() override { return std::chrono::steady_clock::now(); }
  bool sleep_until(SteadyTime time, const StopSignal& stop) override {
    return !stop.wait(time - steady());
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace gradspace::monitor
