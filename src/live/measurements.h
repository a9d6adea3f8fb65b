// What /metrics says, in Prometheus' text format, serialised by prometheus-cpp. Counters of cameras are the monitor's
// own, which go on over restarts.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "live/monitor_view.h"

namespace gradspace::live {

/// What the server counts of itself.
struct ServerCounts {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused_requests{0};     ///< answered with 400 to 499
  std::atomic<std::uint64_t> refused_connections{0};  ///< there were too many
  std::atomic<std::uint64_t> timed_out{0};            ///< clients that were too slow
  std::atomic<std::uint64_t> lagging_streams{
      0};  ///< streams of events that were ended: their reader was too slow
  std::atomic<std::uint64_t> connections{0};    ///< at present
  std::atomic<std::uint64_t> event_streams{0};  ///< at present
};

/// All functions may be called from any thread.
class Measurements {
 public:
  Measurements();
  ~Measurements();
  Measurements(const Measurements&) = delete;
  Measurements& operator=(const Measurements&) = delete;

  void on_verdict(const FrameVerdict& verdict);
  /// `result`: "delivered", "failed", "dropped".
  void count_delivery(std::string_view output, std::string_view result);
  void set_waiting(std::string_view output, std::size_t alarms);
  void count_lost_line();
  /// Of configurations that were read anew.
  void count_reload(bool taken);

  /// The text. Forgets cameras that are no more there.
  std::string text(const MonitorView& view, const ServerCounts& server);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace::live
