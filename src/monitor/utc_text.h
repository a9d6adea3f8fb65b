// Times as text in files: "2026-11-27T15:46:29.123Z".
#pragma once

#include <string>
#include <string_view>

#include "gradspace/monitor.h"

namespace gradspace::monitor {

/// To milliseconds.
std::string utc_text(MonitorTime time);

/// Throws FormatError for what `utc_text` does not give.
MonitorTime parse_utc(std::string_view text);

}  // namespace gradspace::monitor
