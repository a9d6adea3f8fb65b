#include "live/rows.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "gradspace/utf8_text.h"

namespace gradspace::live {

std::int64_t milliseconds(MonitorTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string shown_text(std::string_view text) {
  constexpr std::string_view kBegin = "://";
  std::string out;
  for (auto at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin)) {
    at += kBegin.size();
    out += text.substr(0, at);
    text.remove_prefix(at);
    const auto end = std::min(text.find_first_of("/?# \t\n\"'"), text.size());
    const auto sign = text.substr(0, end).rfind('@');
    if (sign != std::string_view::npos) {
      out += "***";
      text.remove_prefix(sign);
    }
  }
  return to_utf8(out + std::string(text));
}

std::string alarm_state_word(const MonitorAlarm& alarm) {
  return alarm.cleared ? "cleared" : alarm.acknowledged ? "acknowledged" : "raised";
}

nlohmann::ordered_json verdict_row(const FrameVerdict& verdict) {
  nlohmann::ordered_json row = {{"type", "verdict"},
                                {"time", utc_text(verdict.time)},
                                {"camera", verdict.camera},
                                {"number", verdict.number}};
  if (!verdict.frame.empty()) {
    row["frame"] = shown_text(verdict.frame);
  }
  if (!verdict.failure.empty()) {
    row["type"] = "failure";
    row["failure"] = shown_text(verdict.failure);
    return row;
  }
  row["score"] = verdict.score;
  row["p_value"] = verdict.p_value;
  row["threshold"] = verdict.threshold;
  row["out_of_distribution"] = verdict.out_of_distribution;
  if (!verdict.cause.empty()) {
    row["cause"] = to_utf8(verdict.cause);
  }
  row["latency_s"] = verdict.latency_s;
  return row;
}

nlohmann::ordered_json alarm_row(const MonitorAlarm& alarm) {
  const auto time_or_null = [](const std::optional<MonitorTime>& time) {
    return time ? nlohmann::ordered_json(utc_text(*time)) : nlohmann::ordered_json();
  };
  return {{"type", "alarm"},
          {"id", alarm.id},
          {"camera", alarm.camera},
          {"kind", alarm_kind_name(alarm.kind)},
          {"state", alarm_state_word(alarm)},
          {"raised", utc_text(alarm.raised)},
          {"cleared", time_or_null(alarm.cleared)},
          {"acknowledged", time_or_null(alarm.acknowledged)},
          {"cause", to_utf8(alarm.cause)},
          {"highest_score", alarm.highest_score},
          {"lowest_p_value", alarm.lowest_p_value},
          {"snapshot", !alarm.snapshot.empty()}};
}

nlohmann::ordered_json camera_row(const CameraStatus& status) {
  nlohmann::ordered_json row = {
      {"name", status.name},
      {"method", status.detector_method},
      {"connected", status.connected},
      {"trouble", shown_text(status.trouble)},
      {"frames", status.frames},
      {"judged", status.judged},
      {"dropped", status.dropped},
      {"failures", status.failures},
      {"out_of_distribution", status.out_of_distribution},
      {"reconnects", status.reconnects},
      {"alarms", status.alarms},
      {"frames_per_second", status.frames_per_second},
      {"threshold", status.threshold},
      {"expected_false_alarms_per_day", status.expected_false_alarms_per_day},
      {"threshold_is_guessed", status.is_threshold_guessed},
      {"threshold_is_learned", status.is_threshold_learned},
      {"drift_windows", status.drift_windows},
      {"drift_p_value", status.drift_p_value},
      {"drift_budget_spent", status.drift_budget_spent},
      {"drift_reference_missing", status.drift_reference_missing}};
  row["newest"] = status.newest ? verdict_row(*status.newest) : nlohmann::ordered_json();
  row["has_map"] = status.newest && status.newest->columns > 0;
  row["open_alarms"] = nlohmann::ordered_json::array();
  for (const MonitorAlarm& alarm : status.open_alarms) {
    row["open_alarms"].push_back(alarm_row(alarm));
  }
  return row;
}

nlohmann::ordered_json health_row(const MonitorHealth& health) {
  return {{"ready", health.ready},
          {"snapshots_stopped", health.snapshots_stopped},
          {"records_stopped", health.records_stopped},
          {"trouble", shown_text(health.trouble)}};
}

std::string one_line(const nlohmann::ordered_json& row) {
  return row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace gradspace::live
