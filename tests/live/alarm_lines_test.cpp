#include "live/alarm_lines.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <optional>
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

/// A pipe that nobody reads yet, with more written to it than it takes: the next lines wait.
class AlarmLinesOfAFullPipe : public ::testing::Test {
 protected:
  AlarmLinesOfAFullPipe() {
    EXPECT_EQ(::pipe(ends_.data()), 0);
    writer_.emplace(ends_[1], [] {});
    lines_.emplace(*writer_, monitor_, ends_[1]);
    writer_->write(std::string(std::size_t{1} << 20, 'x'), true);
  }
  ~AlarmLinesOfAFullPipe() override {
    lines_.reset();
    writer_.reset();
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  std::array<int, 2> ends_{};
  testing::FakeMonitor monitor_;
  const MonitorAlarm alarm_ = testing::make_alarm("gate-frames-1");
  std::optional<LineWriter> writer_;
  std::optional<AlarmLines> lines_;
};

TEST_F(AlarmLinesOfAFullPipe, AnAlarmIsDoneWithOnceItIsDeliveredAndWritten) {
  lines_->on_alarm(alarm_);
  lines_->confirm_delivery(alarm_);
  {
    const std::lock_guard lock(monitor_.mutex);
    EXPECT_THAT(monitor_.confirmed, IsEmpty());
    EXPECT_THAT(monitor_.written, IsEmpty());
  }
  std::string read;
  std::array<char, 65536> buffer{};
  while (!read.ends_with("}\n")) {
    const ssize_t size = ::read(ends_[0], buffer.data(), buffer.size());
    ASSERT_GT(size, 0);
    read.append(buffer.data(), static_cast<std::size_t>(size));
  }
  writer_->stop();
  EXPECT_THAT(monitor_.written, ElementsAre(alarm_.id));
  EXPECT_THAT(monitor_.confirmed, ElementsAre(alarm_.id));
  lines_->confirm_delivery(cleared(alarm_));
  EXPECT_EQ(monitor_.confirmed.size(), 2) << "of a line that does not wait";
}

TEST_F(AlarmLinesOfAFullPipe, OfAlarmsWhoseLinesAreLostNothingIsConfirmed) {
  lines_->on_alarm(alarm_);
  writer_->stop();
  lines_->confirm_delivery(alarm_);
  EXPECT_THAT(monitor_.written, IsEmpty());
  EXPECT_THAT(monitor_.confirmed, IsEmpty());
}

}  // namespace
}  // namespace gradspace::live
