#include "gradspace/output_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

auto refused(const fs::path& output) {
  return ThrowsMessage<IoError>(
      AllOf(StartsWith(output.string() + ": "), HasSubstr("another process is writing it")));
}

TEST(OutputLock, OfAFolderIsGivenOnceAndLeavesNothing) {
  const testing::TemporaryFolder folder;
  const fs::path out = folder / "deep/out";
  {
    const OutputLock lock = OutputLock::of_folder(out);
    EXPECT_THAT([&] { OutputLock::of_folder(out); }, refused(out));
    EXPECT_THAT([&] { OutputLock::of_folder(out / ""); }, refused(out / ""));
    EXPECT_TRUE(fs::is_empty(out));
  }
  EXPECT_NO_THROW(OutputLock::of_folder(out));
  EXPECT_TRUE(fs::is_empty(out));
}

TEST(OutputLock, OfAFileIsGivenOnceWhetherOrNotItExists) {
  const testing::TemporaryFolder folder;
  fs::create_symlink("model", folder / "link");
  for (const bool exists : {false, true}) {
    if (exists) {
      write_file(folder / "model", std::string_view("content"));
    }
    const OutputLock lock = OutputLock::of_file(folder / "model");
    EXPECT_THAT([&] { OutputLock::of_file(folder / "model"); }, refused(folder / "model"));
    EXPECT_THAT([&] { OutputLock::of_file(folder / "link"); }, refused(folder / "link"));
    EXPECT_NO_THROW(OutputLock::of_file(folder / "other"));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 2) << "no lock is left";
  EXPECT_EQ(read_text_file(folder / "model"), "content");
}

TEST(OutputLock, IsKeptWhileTheFileIsReplacedAndItsFolderSwept) {
  const testing::TemporaryFolder folder;
  const OutputLock lock = OutputLock::of_file(folder / "model");
  for (int i = 0; i < 3; ++i) {
    write_file(folder / "model", std::string_view("new content"));
  }
  const pid_t other = fork();  // a process that has not swept the folder yet
  if (other == 0) {
    write_file(folder / "model", std::string_view("its content"));
    _exit(0);
  }
  int status = 0;
  waitpid(other, &status, 0);
  EXPECT_THAT([&] { OutputLock::of_file(folder / "model"); }, refused(folder / "model"));
}

TEST(OutputLock, DiesWithItsProcess) {
  const testing::TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t holder = fork();
  if (holder == 0) {
    const OutputLock file = OutputLock::of_file(folder / "model");
    const OutputLock tree = OutputLock::of_folder(folder / "out");
    static_cast<void>(write(ready[1], "x", 1) == 1);
    pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THAT([&] { OutputLock::of_file(folder / "model"); }, refused(folder / "model"));
  EXPECT_THAT([&] { OutputLock::of_folder(folder / "out"); }, refused(folder / "out"));
  kill(holder, SIGKILL);
  int status = 0;
  waitpid(holder, &status, 0);
  EXPECT_NO_THROW(OutputLock::of_file(folder / "model"));
  EXPECT_NO_THROW(OutputLock::of_folder(folder / "out"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "out alone";
  close(ready[0]);
  close(ready[1]);
}

TEST(OutputLock, IsNeverHeldTwiceHoweverOftenItIsTakenAndLeft) {
  const testing::TemporaryFolder folder;
  std::atomic<int> holders{0};
  std::atomic<int> most{0};
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        try {
          const OutputLock lock = OutputLock::of_file(folder / "model");
          const int now = ++holders;
          most = now > most ? now : most.load();
          ++taken;
          --holders;
        } catch (const IoError&) {
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(most, 1);
  EXPECT_GT(taken, 0);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(OutputLock, LeavesStreamsAloneAndNamesAFolderThatIsNotThere) {
  EXPECT_NO_THROW({
    const OutputLock one = OutputLock::of_file("/dev/null");
    const OutputLock other = OutputLock::of_file("/dev/null");
  });
  const testing::TemporaryFolder folder;
  EXPECT_THAT(
      [&] { OutputLock::of_file(folder / "no/such/model"); },
      ThrowsMessage<IoError>(StartsWith((folder / "no/such/model").string() + ": can't write")));
  write_file(folder / "file", std::string_view("x"));
  EXPECT_THAT([&] { OutputLock::of_folder(folder / "file"); },
              ThrowsMessage<IoError>(StartsWith((folder / "file").string() + ": ")));
}

}  // namespace
}  // namespace gradspace
