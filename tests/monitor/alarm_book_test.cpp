#include "monitor/alarm_book.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/file.h"
#include "monitor/utc_text.h"
#include "support/test_files.h"

namespace gradspace::monitor {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

MonitorTime at_second(int second) {
  return parse_utc("2026-11-27T10:00:00.000Z") + std::chrono::seconds(second);
}

MonitorAlarm alarm_of(const char* camera, AlarmKind kind, int second) {
  MonitorAlarm alarm;
  alarm.camera = camera;
  alarm.kind = kind;
  alarm.raised = at_second(second);
  alarm.cause = "rain";
  alarm.highest_score = 1.25;
  alarm.lowest_p_value = 0.001;
  return alarm;
}

TEST(AlarmBook, RemembersOverRestarts) {
  const testing::TemporaryFolder folder;
  {
    AlarmBook book(folder.path());
    EXPECT_EQ(book.next_id("gate", AlarmKind::kFrames), "gate-frames-1");
    EXPECT_EQ(book.raise(alarm_of("gate", AlarmKind::kFrames, 0), 17).id, "gate-frames-1");
    EXPECT_EQ(book.raise(alarm_of("yard", AlarmKind::kDrift, 5), 30).id, "yard-drift-1");
    book.note_extremes("gate-frames-1", 4.5, 0.0001);
    EXPECT_TRUE(book.clear("gate-frames-1", at_second(9), 40));
    EXPECT_FALSE(book.clear("gate-frames-1", at_second(10), 41)) << "it has ended";
    EXPECT_TRUE(book.acknowledge("yard-drift-1", at_second(11)));
  }
  const AlarmBook book(folder.path());
  EXPECT_EQ(book.damaged_lines(), 0);
  const std::vector<MonitorAlarm> alarms = book.newest(10);
  ASSERT_THAT(alarms, SizeIs(2));
  EXPECT_EQ(alarms[0].id, "yard-drift-1");
  EXPECT_EQ(alarms[0].acknowledged, at_second(11));
  EXPECT_FALSE(alarms[0].cleared);
  EXPECT_EQ(alarms[1].cleared, at_second(9));
  EXPECT_EQ(alarms[1].highest_score, 4.5);
  EXPECT_EQ(alarms[1].cause, "rain");
  EXPECT_EQ(book.decided_up_to("gate", AlarmKind::kFrames), 40);
  EXPECT_EQ(book.next_id("gate", AlarmKind::kFrames), "gate-frames-2");
  EXPECT_THAT(book.all_open("yard"), SizeIs(1));
  EXPECT_THAT(book.all_open("gate"), IsEmpty());
}

TEST(AlarmBook, WhatIsWrittenIsSaidUntilTheAlarmChanges) {
  const testing::TemporaryFolder folder;
  AlarmBook::Limits limits;
  limits.journal_bytes = 1;  // it begins anew with every confirmed delivery
  MonitorAlarm first;
  {
    AlarmBook book(folder.path(), limits);
    first = book.raise(alarm_of("a", AlarmKind::kFrames, 0), 1);
    const MonitorAlarm second = book.raise(alarm_of("b", AlarmKind::kFrames, 0), 1);
    book.confirm_written(first);
    EXPECT_TRUE(book.undelivered()[0].is_written);
    EXPECT_FALSE(book.undelivered()[1].is_written);
    book.confirm_delivery(second);
  }
  AlarmBook book(folder.path());
  ASSERT_THAT(book.undelivered(), SizeIs(1));
  EXPECT_TRUE(book.undelivered()[0].is_written);
  const MonitorAlarm acknowledged = *book.acknowledge(first.id, at_second(3));
  EXPECT_FALSE(book.undelivered()[0].is_written);
  book.confirm_written(acknowledged);
  EXPECT_TRUE(AlarmBook(folder.path()).undelivered()[0].is_written);
  EXPECT_EQ(book.damaged_lines(), 0);
}

TEST(AlarmBook, WhatWasNotConfirmedIsStillToBeDelivered) {
  const testing::TemporaryFolder folder;
  {
    AlarmBook book(folder.path());
    const MonitorAlarm first = book.raise(alarm_of("a", AlarmKind::kFrames, 0), 1);
    const MonitorAlarm second = book.raise(alarm_of("b", AlarmKind::kFrames, 0), 1);
    book.confirm_delivery(first);
    book.clear(second.id, at_second(3), 9);
    book.confirm_delivery(second);  // as it was raised; that it has ended is not delivered
  }
  AlarmBook book(folder.path());
  ASSERT_THAT(book.undelivered(), SizeIs(1));
  EXPECT_EQ(book.undelivered()[0].id, "b-frames-1");
  book.confirm_delivery(book.undelivered()[0]);
  EXPECT_THAT(book.undelivered(), IsEmpty());
  EXPECT_THAT(AlarmBook(folder.path()).undelivered(), IsEmpty());
}

TEST(AlarmBook, ALineThatAKillCutOffIsAsIfItHadNotBegun) {
  const testing::TemporaryFolder folder;
  {
    AlarmBook book(folder.path());
    book.raise(alarm_of("a", AlarmKind::kFrames, 0), 1);
    book.raise(alarm_of("a", AlarmKind::kFrames, 1), 2);
  }
  const std::string whole = read_text_file(folder / "alarms.jsonl");
  const std::size_t first_line = whole.find('\n') + 1;
  for (std::size_t size = first_line; size < whole.size(); ++size) {
    std::filesystem::resize_file(folder / "alarms.jsonl", size);
    AlarmBook book(folder.path());
    ASSERT_THAT(book.newest(10), SizeIs(1)) << size;
    ASSERT_EQ(book.damaged_lines(), 0) << size;
    ASSERT_EQ(book.next_id("a", AlarmKind::kFrames), "a-frames-2");
    write_file(folder / "alarms.jsonl", whole);
  }
}

TEST(AlarmBook, DamagedLinesAreLeftOut) {
  const testing::TemporaryFolder folder;
  {
    AlarmBook book(folder.path());
    book.raise(alarm_of("a", AlarmKind::kFrames, 0), 1);
  }
  const std::string line = read_text_file(folder / "alarms.jsonl");
  std::ofstream(folder / "alarms.jsonl", std::ios::app)
      << "rubbish\n"
      << line  // the same alarm again
      << R"({"event": "cleared", "id": "nobody", "time": "2026-11-27T10:00:00.000Z"})"
      << "\n"
      << R"({"event": "cleared", "id": "a-frames-1", "time": "yesterday"})"
      << "\n\n"
      << "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n";
  const AlarmBook book(folder.path());
  EXPECT_EQ(book.damaged_lines(), 6);
  ASSERT_THAT(book.newest(10), SizeIs(1));
  EXPECT_FALSE(book.newest(1)[0].cleared);
}

TEST(AlarmBook, AlarmsThatTheDiskDoesNotTakeAreWrittenLater) {
  const testing::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "alarms.jsonl");  // where the file should be
  AlarmBook book(folder.path());
  book.raise(alarm_of("a", AlarmKind::kFrames, 0), 1);
  book.raise(alarm_of("a", AlarmKind::kFrames, 1), 2);
  EXPECT_THAT(book.newest(10), SizeIs(2));
  EXPECT_TRUE(book.is_stopped());
  EXPECT_FALSE(book.write_pending());
  std::filesystem::remove(folder / "alarms.jsonl");
  EXPECT_TRUE(book.write_pending());
  EXPECT_FALSE(book.is_stopped());
  EXPECT_THAT(AlarmBook(folder.path()).newest(10), SizeIs(2));
}

TEST(AlarmBook, KeepsTheLastOnesAndAJournalOfBoundedSize) {
  const testing::TemporaryFolder folder;
  const AlarmBook::Limits limits = {20, 30'000};
  std::string last;
  {
    AlarmBook book(folder.path(), limits);
    const MonitorAlarm open = book.raise(alarm_of("old", AlarmKind::kFrames, 0), 1);
    for (int i = 0; i < 500; ++i) {
      const MonitorAlarm alarm = book.raise(alarm_of("a", AlarmKind::kSilent, i), 0);
      book.confirm_delivery(*book.clear(alarm.id, at_second(i), 0));
      last = alarm.id;
    }
    EXPECT_EQ(book.newest(1000).size(), 20U);
    EXPECT_EQ(book.find(open.id)->id, open.id) << "what is open is not forgotten";
  }
  EXPECT_LT(std::filesystem::file_size(folder / "alarms.jsonl"), 31'000U);
  EXPECT_TRUE(std::filesystem::exists(folder / "alarms.1.jsonl"));
  AlarmBook book(folder.path(), limits);
  EXPECT_EQ(book.damaged_lines(), 0);
  EXPECT_EQ(book.newest(1)[0].id, last);
  EXPECT_THAT(book.all_open("old"), SizeIs(1));
  EXPECT_EQ(book.next_id("a", AlarmKind::kSilent), "a-silent-501");
  for (int i = 0; i < 100; ++i) {  // that nobody confirms
    book.clear(book.raise(alarm_of("b", AlarmKind::kSilent, i), 0).id, at_second(i), 0);
  }
  EXPECT_LE(book.newest(1000).size(), 41U);
}

TEST(UtcText, IsReadBack) {
  for (const char* text :
       {"1970-01-01T00:00:00.000Z", "2026-11-27T15:46:29.123Z", "2024-02-29T23:59:59.999Z"}) {
    EXPECT_EQ(utc_text(parse_utc(text)), text);
  }
  EXPECT_EQ(parse_utc("1970-01-02T00:00:01.500Z").time_since_epoch(),
            std::chrono::milliseconds(86'401'500));
  for (const char* text :
       {"", "2026-11-27", "2026-13-27T15:46:29.123Z", "2026-02-30T15:46:29.123Z",
        "2026-11-27T24:46:29.123Z", "2026-11-27 15:46:29.123Z", "2026-11-27T15:46:29.123",
        "2026-11-27T15:46:2a.123Z", "1013-11-27T10:00:00.000Z", "9999-11-27T10:00:00.000Z"}) {
    EXPECT_THROW(parse_utc(text), std::exception) << text;
  }
}

}  // namespace
}  // namespace gradspace::monitor
