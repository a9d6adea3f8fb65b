// A camera's own clean minutes, and the threshold that they vouch for where the detector's clean images are too few.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "gradspace/monitor.h"

namespace gradspace::monitor {

/// A minute is told by its severity: the least threshold at which the alarm's rule would have raised nothing in it,
/// which is the highest that the `raise_after`-th largest of the last `raise_within` scores comes to.
///
/// Where minutes are exchangeable, the next clean one exceeds the k-th largest of n earlier ones with a probability of
/// at most k / (n + 1), whatever the scores' distribution and however alike the frames of a minute are. So
/// `false_alarms_per_day` take k = floor(false_alarms_per_day / 1440 * (n + 1)). Minutes in which an alarm was raised
/// count as larger than all others, since nobody knows whether it was a false one: each uses up one of the k. Minutes
/// in which an earlier alarm went on count for nothing. No threshold is given before a whole day of minutes was seen,
/// so that night is among them, and none while the alarms have used up all of k. While an alarm is open the threshold
/// stays as it was, so that a fault does not end its own alarm. Rules that look back on over 1000 frames learn nothing.
///
/// For one thread at a time.
class CleanMinutes {
 public:
  static constexpr std::uint64_t kADay = 1440;

  explicit CleanMinutes(const AlarmRules& rules) : rules_(rules), days_(1) {}

  /// A judged frame. `raised`: an alarm of frames was raised with it; `open`: one is open. Times may jump.
  void add(double score, MonitorTime time, bool raised, bool open);

  struct Vouched {
    double threshold = 0;
    double alarms_per_day = 0;  ///< that clean minutes exceed it, at most what was asked
    std::uint64_t minutes = 0;  ///< that it stands on
  };
  const std::optional<Vouched>& vouched() const { return vouched_; }

  /// `restore` throws FormatError and changes nothing. Of other rules it takes nothing.
  nlohmann::json save() const;
  void restore(const nlohmann::json& saved);

 private:
  struct Day {
    std::uint64_t clean = 0;            ///< minutes
    std::uint64_t alarmed = 0;          ///< minutes in which an alarm was raised
    std::vector<double> severest = {};  ///< of the clean ones, descending
  };
  struct Minute {
    MonitorTime begin;
    std::optional<double> severity = {};
    bool raised = false;
    bool open = false;
  };

  void close_minute();
  std::optional<Vouched> compute() const;
  static Day day_of(const nlohmann::json& saved);
  static Minute minute_of(const nlohmann::json& saved);
  static Vouched vouched_of(const nlohmann::json& saved);

  AlarmRules rules_;
  std::deque<double> recent_;  ///< scores, the newest behind, at most `raise_within`
  std::optional<Minute> minute_;
  std::deque<Day> days_;  ///< of 1440 minutes each, the newest behind
  std::optional<Vouched> vouched_;
  bool is_held_ = false;  ///< minutes have ended since, while an alarm was open
};

}  // namespace gradspace::monitor
