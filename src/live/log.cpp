#include "live/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "live/rows.h"

namespace gradspace::live {
namespace {

bool needs_quotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](unsigned char c) {
           return c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f;
         });
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string value_text(std::string_view text) {
  return needs_quotes(text) ? quoted(text) : std::string(text);
}

}  // namespace

std::string log_line(std::string_view time, LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields) {
  constexpr std::array kWords = {"debug", "info", "warning", "error"};
  std::string line = fmt::format("time={} level={} msg={}", time,
                                 kWords.at(static_cast<std::size_t>(level)), quoted(message));
  for (const auto& [name, value] : fields) {
    line += fmt::format(" {}={}", name, value_text(value));
  }
  return line;
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  static std::mutex mutex;
  const std::string line =
      log_line(utc_text(std::chrono::system_clock::now()), level, message, fields) + '\n';
  const std::lock_guard lock(mutex);
  static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
}

}  // namespace gradspace::live
