// Alarms as JSON lines: every state that is told stands there, and none twice where that can be known.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "live/line_writer.h"
#include "live/monitor_view.h"

namespace gradspace::live {

/// The monitor keeps which alarms are written, and delivered. After a kill between a line and the monitor's note of it,
/// a file tells by its last lines what is there; of a pipe nobody knows, and the line is written again.
///
/// All functions may be called from any thread.
class AlarmLines {
 public:
  /// Both outlive this. Reads the end of what `descriptor` writes to, where that is a file; a line there that a kill
  /// has cut off is ended.
  AlarmLines(LineWriter& writer, MonitorView& monitor, int descriptor);

  void on_alarm(const MonitorAlarm& alarm);
  /// All outputs have the alarm. The monitor hears of it once its line is written, too, so that it comes again after a
  /// kill before that.
  void confirm_delivery(const MonitorAlarm& told);

 private:
  /// An alarm's state: its id, when it was raised, whether it was cleared, whether it was acknowledged. (Ids begin anew
  /// in another folder.)
  using Key = std::tuple<std::string, std::string, bool, bool>;

  static Key key_of(const MonitorAlarm& alarm);
  void read_end(int descriptor);
  void take_line(const std::string& line);
  void on_written(const MonitorAlarm& alarm);

  LineWriter& writer_;
  MonitorView& monitor_;
  std::mutex mutex_;
  std::set<Key> found_;  ///< in the file, when this began
  std::map<Key, std::optional<MonitorAlarm>>
      waiting_;  ///< lines, and what is confirmed once they are written
};

}  // namespace gradspace::live
