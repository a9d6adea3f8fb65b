#include "live/alarm_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "live/rows.h"

namespace gradspace::live {
namespace {

/// More than is ever written at once: what stands before it, the monitor has noted.
constexpr off_t kEndOfFile = off_t{1} << 20;

}  // namespace

AlarmLines::AlarmLines(LineWriter& writer, MonitorView& monitor, int descriptor)
    : writer_(writer), monitor_(monitor) {
  read_end(descriptor);
}

AlarmLines::Key AlarmLines::key_of(const MonitorAlarm& alarm) {
  return {alarm.id, utc_text(alarm.raised), alarm.cleared.has_value(),
          alarm.acknowledged.has_value()};
}

void AlarmLines::read_end(int descriptor) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) {
    return;
  }
  // The descriptor itself is for writing alone.
  const int file =
      ::open(fmt::format("/proc/self/fd/{}", descriptor).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return;
  }
  std::string text(static_cast<std::size_t>(std::min(status.st_size, kEndOfFile)), '\0');
  const off_t begin = status.st_size - static_cast<off_t>(text.size());
  const ssize_t size = ::pread(file, text.data(), text.size(), begin);
  ::close(file);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (!text.empty() && text.back() != '\n') {
    writer_.write("", true);
    text.resize(text.rfind('\n') + 1);
  }
  std::istringstream lines(std::move(text));
  for (std::string line; std::getline(lines, line);) {
    take_line(line);
  }
}

void AlarmLines::take_line(const std::string& line) {
  const nlohmann::json row = nlohmann::json::parse(line, nullptr, false);
  const bool is_alarm = row.is_object() && row.value("type", nlohmann::json()) == "alarm" &&
                        row.contains("id") && row["id"].is_string() && row.contains("raised") &&
                        row["raised"].is_string() && row.contains("cleared") &&
                        row.contains("acknowledged");
  if (is_alarm) {
    found_.emplace(row["id"].get<std::string>(), row["raised"].get<std::string>(),
                   !row["cleared"].is_null(), !row["acknowledged"].is_null());
  }
}

void AlarmLines::on_alarm(const MonitorAlarm& alarm) {
  if (alarm.is_written) {
    return;
  }
  const Key key = key_of(alarm);
  bool is_there = false;
  {
    const std::lock_guard lock(mutex_);
    is_there = found_.contains(key);
    if (!is_there) {
      waiting_.emplace(key, std::nullopt);
    }
  }
  if (is_there) {
    monitor_.confirm_written(alarm);
  } else {
    writer_.write(one_line(alarm_row(alarm)), true, [this, alarm] { on_written(alarm); });
  }
}

void AlarmLines::on_written(const MonitorAlarm& alarm) {
  monitor_.confirm_written(alarm);
  std::optional<MonitorAlarm> delivered;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = waiting_.find(key_of(alarm)); found != waiting_.end()) {
      delivered = std::move(found->second);
      waiting_.erase(found);
    }
  }
  if (delivered) {
    monitor_.confirm_delivery(*delivered);
  }
}

void AlarmLines::confirm_delivery(const MonitorAlarm& told) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = waiting_.find(key_of(told)); found != waiting_.end()) {
      found->second = told;
      return;
    }
  }
  monitor_.confirm_delivery(told);
}

}  // namespace gradspace::live
