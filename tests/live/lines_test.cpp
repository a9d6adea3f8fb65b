// Lines on standard output, and the log's.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

#include "live/line_writer.h"
#include "live/log.h"

namespace gradspace::live {
namespace {

TEST(LineWriter, WritesAllInOrder) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::string read;
  std::thread reader([&] {
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
      read.append(buffer.data(), static_cast<std::size_t>(size));
    }
  });
  std::string wanted;
  std::atomic<int> lost{0};
  {
    LineWriter writer(ends[1], [&] { ++lost; });
    for (int i = 0; i < 20'000; ++i) {
      writer.write("line " + std::to_string(i), false);
      wanted += "line " + std::to_string(i) + "\n";
    }
  }
  ::close(ends[1]);
  reader.join();
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(read, wanted);
}

/// Nobody reads: verdicts are lost and counted, the writer's callers never wait, and the stop has an end.
TEST(LineWriter, ReaderThatHangsHoldsUpNothing) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::atomic<int> lost{0};
  LineWriter writer(ends[1], [&] { ++lost; });
  const std::string line(1000, 'x');
  for (int i = 0; i < 20'000; ++i) {
    writer.write(line, false);
  }
  EXPECT_GT(lost, 1000);
  writer.stop();
  ::close(ends[0]);
  ::close(ends[1]);
}

/// Where there is no room, alarms take the place of verdicts.
TEST(LineWriter, AlarmsComeThroughToASlowReader) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  LineWriter writer(ends[1], [] {});
  for (int i = 0; i < 20'000; ++i) {
    writer.write(std::string(1000, 'x'), false);
  }
  writer.write("alarm" + std::string(5000, '!'), true);
  std::string read;
  std::array<char, 65536> buffer{};
  while (read.find('!') == std::string::npos) {
    const ssize_t size = ::read(ends[0], buffer.data(), buffer.size());
    ASSERT_GT(size, 0);
    read.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  writer.stop();
  ::close(ends[1]);
}

TEST(LineWriter, ReaderThatIsGoneIsNoEnd) {
  std::signal(SIGPIPE, SIG_IGN);  // as the service does
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  std::atomic<int> lost{0};
  {
    LineWriter writer(ends[1], [&] { ++lost; });
    writer.write("line", true);
  }
  ::close(ends[1]);
  EXPECT_GT(lost, 0);
}

TEST(Log, LinesStayLines) {
  EXPECT_EQ(log_line("T", LogLevel::kWarning, "no \"frames\"\n",
                     {{"camera", "gate"}, {"reason", "a b\n\x01=\\"}, {"empty", ""}}),
            "time=T level=warning msg=\"no \\\"frames\\\"\\n\" camera=gate reason=\"a "
            "b\\n\\x01=\\\\\" empty=\"\"");
}

}  // namespace
}  // namespace gradspace::live
