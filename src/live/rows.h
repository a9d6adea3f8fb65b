// Verdicts, alarms and cameras as JSON, in the same words everywhere: standard output, events, deliveries, /api.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gradspace/monitor.h"

namespace gradspace::live {

/// Milliseconds since 1970.
std::int64_t milliseconds(MonitorTime time);

/// `text` as UTF-8, with names and passwords in addresses ("rtsp://user:secret@host") as "***": what goes to pages and
/// logs.
std::string shown_text(std::string_view text);

/// "raised", "cleared", "acknowledged": what became of it last.
std::string alarm_state_word(const MonitorAlarm& alarm);

nlohmann::ordered_json verdict_row(const FrameVerdict& verdict);
nlohmann::ordered_json alarm_row(const MonitorAlarm& alarm);
/// Without the tiles of the newest verdict, which pages see as a picture.
nlohmann::ordered_json camera_row(const CameraStatus& status);
nlohmann::ordered_json health_row(const MonitorHealth& health);

/// One line, in which bytes that are no UTF-8 are replaced.
std::string one_line(const nlohmann::ordered_json& row);

}  // namespace gradspace::live
