#include "live/alarm_lines.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <thread>

#include "fake_monitor.h"
#include "live/rows.h"
#include "support/test_files.h"

namespace gradspace::live {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Lines that go to a file, as of `gradspace monitor --format jsonl >>file`.
class AlarmLineFiles : public ::testing::Test {
 protected:
  /// A monitor's life: it tells these alarms, and all lines are written when it ends.
  void live(testing::FakeMonitor& monitor, const std::vector<MonitorAlarm>& alarms) {
    const int file = ::open(path().c_str(), O_WRONLY | O_APPEND | O_CREAT, 0666);
    ASSERT_GE(file, 0);
    {
      LineWriter writer(file, [] {});
      AlarmLines lines(writer, monitor, file);
      for (const MonitorAlarm& alarm : alarms) {
        lines.on_alarm(alarm);
      }
      writer.stop();
    }
    ::close(file);
  }
  std::vector<std::string> file_lines() const {
    std::vector<std::string> lines;
    std::ifstream file(path());
    for (std::string line; std::getline(file, line);) {
      lines.push_back(line);
    }
    return lines;
  }
  std::string path() const { return (folder_ / "lines.jsonl").string(); }

  gradspace::testing::TemporaryFolder folder_;
};

MonitorAlarm cleared(MonitorAlarm alarm) {
  alarm.cleared = alarm.raised + std::chrono::seconds(5);
  return alarm;
}

TEST_F(AlarmLineFiles, WhatAKillKeptFromBeingNotedIsFoundInTheFile) {
  const MonitorAlarm first = testing::make_alarm("gate-frames-1");
  const MonitorAlarm second = testing::make_alarm("gate-frames-2");
  testing::FakeMonitor before;
  live(before, {first, second});
  EXPECT_THAT(before.written, ElementsAre(first.id, second.id));
  ASSERT_EQ(file_lines().size(), 2);
  testing::FakeMonitor after;  // which has noted nothing
  live(after, {first, cleared(second)});
  EXPECT_THAT(after.written, ElementsAre(first.id, second.id));
  EXPECT_THAT(file_lines(), ElementsAre(one_line(alarm_row(first)), one_line(alarm_row(second)),
                                        one_line(alarm_row(cleared(second)))));
}

TEST_F(AlarmLineFiles, AnotherFolderMayBeginItsIdsAnew) {
  testing::FakeMonitor monitor;
  MonitorAlarm alarm = testing::make_alarm("gate-frames-1");
  live(monitor, {alarm});
  alarm.raised += std::chrono::hours(1);
  live(monitor, {alarm});
  EXPECT_EQ(file_lines().size(), 2);
}

TEST_F(AlarmLineFiles, WhatIsNotedIsWrittenNoMore) {
  MonitorAlarm alarm = testing::make_alarm("gate-frames-1");
  alarm.is_written = true;
  testing::FakeMonitor monitor;
  live(monitor, {alarm});
  EXPECT_THAT(file_lines(), IsEmpty());
}

TEST_F(AlarmLineFiles, ALineThatWasCutOffIsEndedAndWrittenAgain) {
  const MonitorAlarm alarm = testing::make_alarm("gate-frames-1");
  const std::string line = one_line(alarm_row(alarm));
  const std::string piece = line.substr(0, line.size() - 1);
  std::ofstream(path()) << "{\"type\":\"verdict\"}\n" << piece;
  testing::FakeMonitor monitor;
  live(monitor, {alarm});
  EXPECT_THAT(file_lines(), ElementsAre("{\"type\":\"verdict\"}", piece, line));
}

TEST_F(AlarmLineFiles, WhatElseStandsInTheFileIsPassedOver) {
  std::ofstream(path())
      << "no JSON\n[1]\n{\"type\":3}\n{\"type\":\"alarm\"}\n"
         "{\"type\":\"alarm\",\"id\":7,\"cleared\":null,\"acknowledged\":null}\n\xff\n\n";
  testing::FakeMonitor monitor;
  live(monitor, {testing::make_alarm("gate-frames-1")});
  EXPECT_EQ(file_lines().back(), one_line(alarm_row(testing::make_alarm("gate-frames-1"))));
}

/// A pipe that nobody reads yet: the alarm is delivered, and its line is not written.
TEST(AlarmLines, AnAlarmIsDoneWithOnceItIsDeliveredAndWritten) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  testing::FakeMonitor monitor;
  const MonitorAlarm alarm = testing::make_alarm("gate-frames-1");
  {
    LineWriter writer(ends[1], [] {});
    AlarmLines lines(writer, monitor, ends[1]);
    writer.write(std::string(std::size_t{1} << 20, 'x'), true);  // more than the pipe takes
    lines.on_alarm(alarm);
    lines.confirm_delivery(alarm);
    EXPECT_THAT(monitor.confirmed, IsEmpty());
    EXPECT_THAT(monitor.written, IsEmpty());
    std::string read;
    std::array<char, 65536> buffer{};
    while (!read.ends_with("}\n")) {
      const ssize_t size = ::read(ends[0], buffer.data(), buffer.size());
      ASSERT_GT(size, 0);
      read.append(buffer.data(), static_cast<std::size_t>(size));
    }
    writer.stop();
    EXPECT_THAT(monitor.written, ElementsAre(alarm.id));
    EXPECT_THAT(monitor.confirmed, ElementsAre(alarm.id));
    lines.confirm_delivery(cleared(alarm));
    EXPECT_EQ(monitor.confirmed.size(), 2) << "of a line that does not wait";
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(AlarmLines, OfAlarmsWhoseLinesAreLostNothingIsConfirmed) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  testing::FakeMonitor monitor;
  const MonitorAlarm alarm = testing::make_alarm("gate-frames-1");
  {
    LineWriter writer(ends[1], [] {});
    AlarmLines lines(writer, monitor, ends[1]);
    writer.write(std::string(std::size_t{1} << 20, 'x'), true);
    lines.on_alarm(alarm);
    writer.stop();
    lines.confirm_delivery(alarm);
  }
  EXPECT_THAT(monitor.written, IsEmpty());
  EXPECT_THAT(monitor.confirmed, IsEmpty());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace gradspace::live
