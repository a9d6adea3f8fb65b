// Times out of files, as `utc_text` writes them.
#pragma once

#include <string_view>

#include "gradspace/monitor.h"

namespace gradspace::monitor {

/// Throws FormatError for what `utc_text` does not give.
MonitorTime parse_utc(std::string_view text);

}  // namespace gradspace::monitor
