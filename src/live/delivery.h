// Alarms to what is outside: each output has a queue and a thread of its own, so that one that hangs holds up no other
// and nothing of the monitor.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "gradspace/monitor.h"
#include "live/measurements.h"
#include "live/settings.h"

namespace gradspace::live {

/// What became of a try.
enum class DeliveryResult : std::uint8_t {
  kDelivered,
  kAgain,    ///< it may go better later
  kRefused,  ///< it never will
};

/// Where alarms go. Used by one thread.
class AlarmOutput {
 public:
  virtual ~AlarmOutput() = default;
  virtual std::string name() const = 0;
  /// Ends soon after a stop is requested. `reason` is set where it was not delivered: one line, without secrets.
  virtual DeliveryResult deliver(const MonitorAlarm& alarm, const std::stop_token& stop,
                                 std::string& reason) = 0;
  /// After so many tries an alarm is given up until the monitor starts again; 0: never.
  virtual int most_tries() const { return 0; }
};

/// The log, which there always is, and the outputs that the settings name. Throws what reading secrets throws, and
/// Error for an output that this build lacks.
std::vector<std::unique_ptr<AlarmOutput>> make_outputs(const OutputSettings& settings);

/// How long is waited after so many tries, from 1: a second, and each time twice as long, up to a minute.
std::chrono::milliseconds delay_after(int tries);

/// All functions may be called from any thread.
class Delivery {
 public:
  /// Called when all outputs have an alarm's newest state, on an output's thread.
  using Confirm = std::function<void(const MonitorAlarm& told)>;

  Delivery(Confirm confirm, Measurements& measurements);
  /// Stops.
  ~Delivery();

  /// Begins anew with other outputs, of which there is one at least. What waits is handed to those that bear the same
  /// name.
  void set_outputs(std::vector<std::unique_ptr<AlarmOutput>> outputs, std::size_t waiting);
  /// Brief. An alarm that waits already is told in its newest state alone. Where a queue is full, its oldest alarm is
  /// dropped, which comes again when the monitor starts anew.
  void add(const MonitorAlarm& alarm);
  void stop();
  /// Whether nothing waits; for tests.
  bool idle() const;

 private:
  class Queue;
  struct Pending {
    std::uint64_t version = 0;  ///< of the alarm's state
    std::size_t outputs = 0;    ///< that have not taken it
    bool given_up = false;
  };

  void on_done(const MonitorAlarm& alarm, std::uint64_t version, bool delivered);

  Confirm confirm_;
  Measurements& measurements_;
  mutable std::mutex mutex_;
  std::uint64_t versions_ = 0;
  std::map<std::string, Pending> pending_;
  std::vector<std::unique_ptr<Queue>> queues_;
};

}  // namespace gradspace::live
