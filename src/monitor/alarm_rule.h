// When an alarm begins and when it ends: of so many frames some are out of distribution; then for so long none is.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>

#include "gradspace/monitor.h"
#include "monitor/clock.h"

namespace gradspace::monitor {

enum class AlarmChange : std::uint8_t { kNone, kRaise, kClear };

/// Holds an alarm for `at_least_s` once it was raised, so that from one to the next there is at least as long.
class AlarmHold {
 public:
  explicit AlarmHold(double at_least_s) : at_least_s_(at_least_s) {}

  bool is_open() const { return open_; }
  /// Whether it may be cleared.
  bool is_over(SteadyTime now) const { return open_ && now >= until_; }
  void open(SteadyTime now) { reopen(now + seconds(at_least_s_)); }
  /// As one that was raised before a restart.
  void reopen(SteadyTime until) {
    open_ = true;
    until_ = until;
  }
  void close() { open_ = false; }

 private:
  double at_least_s_;
  bool open_ = false;
  SteadyTime until_ = {};
};

/// Of frames. For one thread at a time.
class FrameAlarmRule {
 public:
  explicit FrameAlarmRule(const AlarmRules& rules) : rules_(rules), hold_(rules.at_least_s) {}

  /// What the next frame brings.
  AlarmChange add(bool out_of_distribution, SteadyTime now);
  /// Of a frame of before a restart, about which was decided already.
  void count(bool out_of_distribution);

  AlarmHold& hold() { return hold_; }
  const AlarmHold& hold() const { return hold_; }

  /// The frames that it looks back on. `restore` throws FormatError.
  nlohmann::json save() const;
  void restore(const nlohmann::json& saved);

 private:
  AlarmRules rules_;
  AlarmHold hold_;
  std::deque<bool> recent_;  ///< the newest behind, at most `raise_within`
  int clean_in_a_row_ = 0;
};

}  // namespace gradspace::monitor
