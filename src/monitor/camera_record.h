// What a camera has come to, kept over restarts: counters, the frames that its alarm looks back on, its drift window.
//
// Every verdict is a line of the camera's log, and once a second, as well as when an alarm changes, everything is
// written into a state file. After a kill the state is read, and the lines that came after it are gone through again,
// which gives what there was before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gradspace/detector.h"
#include "gradspace/drift.h"
#include "gradspace/monitor.h"
#include "monitor/alarm_rule.h"
#include "monitor/clean_minutes.h"
#include "monitor/journal_file.h"

namespace gradspace::monitor {

struct CameraCounters {
  std::uint64_t frames = 0;
  std::uint64_t judged = 0;
  std::uint64_t dropped = 0;
  std::uint64_t failures = 0;
  std::uint64_t out_of_distribution = 0;
  std::uint64_t reconnects = 0;
};

/// What a frame, or a window that it fills, changes.
struct RecordChange {
  AlarmChange frames = AlarmChange::kNone;
  AlarmChange drift = AlarmChange::kNone;
  std::optional<DriftWindow> window = {};
};

/// Where a camera's files are.
struct RecordFiles {
  std::filesystem::path state;
  std::filesystem::path verdicts;
  std::uint64_t verdict_bytes = 0;  ///< of both log files; 0 = no lines are written
};

/// For one thread at a time.
class CameraRecord {
 public:
  using Remark = std::function<void(const std::string&)>;
  /// What is to be done about a frame that was judged before a kill, and not decided about.
  using OnReplayed = std::function<void(const FrameVerdict&, const RecordChange&)>;

  CameraRecord(const CameraOptions& options, const Detector& detector, RecordFiles files);

  /// Up to which frames it was decided about alarms of frames, and of drift: these change none any more.
  struct Decided {
    std::uint64_t frames = 0;
    std::uint64_t drift = 0;
  };
  /// Reads the files. What is damaged is said, and gone on without.
  void restore(const Decided& decided, SteadyTime now, const Remark& remark,
               const OnReplayed& on_replayed);

  CameraCounters& counters() { return counters_; }
  const CameraCounters& counters() const { return counters_; }
  FrameAlarmRule& rule() { return rule_; }
  const CleanMinutes& minutes() const { return minutes_; }
  AlarmHold& drift_hold() { return drift_hold_; }
  const std::optional<DriftMonitor>& drift() const { return drift_; }
  double drift_p_value() const { return drift_p_value_; }

  /// Writes the verdict's line, and takes it into account.
  RecordChange add(const FrameVerdict& verdict, SteadyTime now);
  /// What the verdict changed is in the journal of alarms. Writes the state where it should, and begins a log that has
  /// grown long anew.
  void settle(const RecordChange& change);
  /// Writes the state. `last`: nothing follows; it must survive a loss of power.
  void write_state(bool last);
  /// The disk does not take what is to be written.
  bool is_stopped() const { return log_failed_ || state_failed_; }

 private:
  /// Frames up to those that are decided are counted alone.
  RecordChange take(const FrameVerdict& verdict, bool for_drift, SteadyTime now,
                    const Decided& decided);
  AlarmChange drift_change(const DriftWindow& window, SteadyTime now);
  bool is_for_drift(SteadyTime now);
  void log(const FrameVerdict& verdict, bool for_drift, SteadyTime now);
  nlohmann::json state() const;
  std::uint64_t read_state(const Remark& remark);
  std::uint64_t take_state(const nlohmann::json& saved);
  void take_drift_state(const nlohmann::json& saved, bool same_detector);
  void replay(std::string_view line, const Decided& decided, SteadyTime now,
              const OnReplayed& on_replayed);

  CameraOptions options_;
  std::string detector_id_;
  RecordFiles files_;
  CameraCounters counters_;
  std::uint64_t last_number_ = 0;  ///< of the verdicts
  FrameAlarmRule rule_;
  CleanMinutes minutes_;
  AlarmHold drift_hold_;
  std::optional<DriftMonitor> drift_;
  std::string no_drift_;  ///< why there is none
  double drift_p_value_ = 1;
  std::optional<SteadyTime> next_for_drift_;
  std::optional<JournalFile> log_;
  bool log_failed_ = false;
  bool state_failed_ = false;
  SteadyTime try_log_again_ = {};
};

}  // namespace gradspace::monitor
