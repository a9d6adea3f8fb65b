// A verdict as a line of JSON.
#pragma once

#include <string>
#include <string_view>

#include "gradspace/monitor.h"

namespace gradspace::monitor {

/// `for_drift`: the score went into the drift window, too.
std::string verdict_line(const FrameVerdict& verdict, bool for_drift);

/// What such a line says, without what nothing is decided by. Throws FormatError.
struct LoggedVerdict {
  FrameVerdict verdict;
  bool for_drift = false;
};
LoggedVerdict parse_verdict_line(std::string_view line);

}  // namespace gradspace::monitor
