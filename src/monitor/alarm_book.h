// All cameras' alarms: what is open, what has been, what is still to be delivered; in a journal that survives a kill.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/monitor.h"
#include "monitor/journal_file.h"

namespace gradspace::monitor {

/// An alarm is there once its line is in the journal; that line is the only place where it begins. Where the disk does
/// not take lines, alarms are kept in memory, and written when it does. Thread-safe.
class AlarmBook {
 public:
  struct Limits {
    /// Of alarms that have ended and are delivered all but so many are forgotten; of those that nobody confirms, all
    /// but twice as many.
    std::size_t kept = 1000;
    std::uint64_t journal_bytes = std::uint64_t{8} << 20;  ///< then it begins anew
  };

  /// Reads what the folder's journal says. Lines that can't be read are left out and counted.
  explicit AlarmBook(const std::filesystem::path& folder) : AlarmBook(folder, Limits()) {}
  AlarmBook(const std::filesystem::path& folder, const Limits& limits);

  std::size_t damaged_lines() const { return damaged_lines_; }

  /// The id of the next alarm of a camera and kind, which `raise` gives it.
  std::string next_id(std::string_view camera, AlarmKind kind) const;
  /// `alarm` has no id yet. `frame` is the number of the camera's frame.
  MonitorAlarm raise(MonitorAlarm alarm, std::uint64_t frame);
  /// The alarm with its end; nothing when there is no such open alarm.
  std::optional<MonitorAlarm> clear(std::string_view id, MonitorTime time, std::uint64_t frame);
  /// Keeps what an open alarm has come to.
  void note_extremes(std::string_view id, double score, double p_value);
  /// The alarm as it is then; nothing when there is none, or it was acknowledged before.
  std::optional<MonitorAlarm> acknowledge(std::string_view id, MonitorTime time);
  void confirm_delivery(const MonitorAlarm& told);
  /// `undelivered` says of it that it is written, until its state changes.
  void confirm_written(const MonitorAlarm& told);

  std::optional<MonitorAlarm> find(std::string_view id) const;
  std::optional<MonitorAlarm> open_of(std::string_view camera, AlarmKind kind) const;
  std::vector<MonitorAlarm> all_open(std::string_view camera) const;
  /// How many were raised for the camera in all.
  std::uint64_t raised(std::string_view camera) const;
  /// The newest first.
  std::vector<MonitorAlarm> newest(std::size_t at_most) const;
  /// Those whose state was not confirmed, the oldest first.
  std::vector<MonitorAlarm> undelivered() const;
  /// The frame of the camera's last change of an alarm of this kind; 0 = none.
  std::uint64_t decided_up_to(std::string_view camera, AlarmKind kind) const;

  /// The disk does not take lines.
  bool is_stopped() const;
  /// Writes what could not be written before. False when some still can't be.
  bool write_pending();

 private:
  struct Entry {
    MonitorAlarm alarm;
    bool told_raised = false;  ///< what was delivered and confirmed
    bool told_cleared = false;
    bool told_acknowledged = false;
    bool written = false;  ///< in the state that follows
    bool written_cleared = false;
    bool written_acknowledged = false;

    bool is_delivered() const;
    bool is_written() const;
  };
  struct Key {
    std::string camera;
    AlarmKind kind;
    auto operator<=>(const Key&) const = default;
  };
  struct Progress {
    std::uint64_t last_number = 0;
    std::uint64_t decided_up_to = 0;
  };

  void take_line(std::string_view line);
  void take_event(const nlohmann::json& event);
  void take_alarm(const nlohmann::json& event);
  void take_change(const nlohmann::json& event);
  Entry* entry_of(std::string_view id);
  void write(const nlohmann::json& line, bool at_once);
  bool write_pending_locked();
  void forget_old();
  void begin_anew_if_long();
  std::string kept_lines() const;

  Limits limits_;
  mutable std::mutex mutex_;
  JournalFile journal_;
  std::deque<Entry> entries_;  ///< the oldest first
  std::map<Key, Progress> progress_;
  std::deque<std::string> pending_;
  std::size_t damaged_lines_ = 0;
};

}  // namespace gradspace::monitor
