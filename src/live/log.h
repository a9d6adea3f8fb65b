// The log: a line of logfmt on standard error for everything that happens.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace gradspace::live {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

using LogField = std::pair<std::string_view, std::string_view>;

/// "time=2026-11-27T15:49:47.123Z level=info msg="..." camera=gate". Control characters of values are escaped, so that
/// a line stays a line. A line that can't be written is dropped. May be called from any thread.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

/// The line without its end, for tests.
std::string log_line(std::string_view time, LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields);

}  // namespace gradspace::live
