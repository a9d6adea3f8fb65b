// Workers as processes, and what becomes of them: killed, stopped, out of room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <thread>

#include "cluster/small_job.h"
#include "core/random.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr int kImages = 60;

/// Shards of images that take a worker some tenths of a second each.
class Workers : public testing::SmallJob, public ::testing::Test {
 protected:
  explicit Workers(int shards = 6) : SmallJob(shards, 0), count_(shards) {
    for (int shard = 0; shard < shards; ++shard) {
      const fs::path first = shard_folder(shard) / "000.bmp";
      fs::create_directories(first.parent_path());
      write_image(
          first, Image(500, 500, 3,
                       std::vector<std::uint8_t>(500 * 500 * 3, static_cast<std::uint8_t>(shard))));
      for (int i = 1; i < kImages; ++i) {
        fs::create_hard_link(first, shard_folder(shard) / fmt::format("{:03}.bmp", i));
      }
    }
  }

  ~Workers() override {
    for (const auto& [child, log] : running_) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }

  pid_t start(std::vector<std::string> arguments = {}, rlim_t most_bytes = RLIM_INFINITY) {
    arguments.insert(arguments.begin(),
                     {GRADSPACE_COMMAND, "work", job().string(), "--threads", "1", "--batch", "1"});
    const std::string log = path(fmt::format("log-{}", started_++)).string();
    std::ofstream(log).close();  // so that it is there also of who is killed at once
    const pid_t child = fork();
    if (child == 0) {
      std::vector<char*> pointers;
      for (std::string& argument : arguments) {
        pointers.push_back(argument.data());
      }
      pointers.push_back(nullptr);
      const rlimit limit{most_bytes, most_bytes};
      if (freopen(log.c_str(), "w", stderr) != nullptr &&
          freopen("/dev/null", "w", stdout) != nullptr &&
          (most_bytes == RLIM_INFINITY || ::setrlimit(RLIMIT_FSIZE, &limit) == 0)) {
        execv(pointers[0], pointers.data());
      }
      _exit(127);
    }
    running_[child] = log;
    return child;
  }

  /// The exit status, or minus the signal.
  int wait_for(pid_t child) {
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    log_ = read_text_file(running_[child]);
    running_.erase(child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  /// Until a first worker has written rows of a shard.
  void wait_until_inside_a_shard() const {
    const auto is_inside = [&](int shard) {
      std::error_code absent;
      const std::uintmax_t size =
          fs::file_size(attempt(shard, 1) / "set.partial/features.npy", absent);
      return !absent && size > 2000;
    };
    while (true) {
      for (int shard = 0; shard < count_; ++shard) {
        if (is_inside(shard)) {
          return;
        }
      }
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

  void expect_whole() const {
    EXPECT_EQ(job_status(job()).count(ShardState::kDone), static_cast<std::uint64_t>(count_));
    for (const char* folder : {"claims", "work", "failed"}) {
      EXPECT_TRUE(fs::is_empty(job() / folder)) << folder;
    }
    expect_merged_as_one_extract();
  }

  int count_;
  int started_ = 0;
  std::map<pid_t, std::string> running_;
  std::string log_;
};

TEST_F(Workers, KilledAtAnyTimeLoseNothing) {
  plan(milliseconds(300));
  Random random(3);
  for (int i = 0; i < 3; ++i) {
    start();
  }
  std::uint64_t done_before = 0;
  for (int kills = 0; kills < 12; ++kills) {
    std::this_thread::sleep_for(milliseconds(5 + random.below(60)));
    const JobStatus status = job_status(job());
    EXPECT_EQ(status.states.size(), 6U);
    EXPECT_EQ(status.count(ShardState::kDamaged) + status.count(ShardState::kFailed), 0U);
    EXPECT_GE(status.count(ShardState::kDone), done_before);
    EXPECT_EQ(status.rows, kImages * status.count(ShardState::kDone));
    done_before = status.count(ShardState::kDone);
    const auto victim =
        std::next(running_.begin(), static_cast<std::ptrdiff_t>(random.below(running_.size())));
    ::kill(victim->first, SIGKILL);
    wait_for(victim->first);
    start();
  }
  while (!running_.empty()) {
    EXPECT_EQ(wait_for(running_.begin()->first), 0) << log_;
  }
  expect_whole();
}

TEST_F(Workers, KilledAtAnyTimeLeaveNoMomentsOfHalfAShard) {
  plan(milliseconds(300), MomentsKind::kFourth);
  Random random(5);
  for (int i = 0; i < 2; ++i) {
    start();
  }
  for (int kills = 0; kills < 6; ++kills) {
    std::this_thread::sleep_for(milliseconds(5 + random.below(60)));
    const JobStatus status = job_status(job());
    EXPECT_EQ(status.count(ShardState::kDamaged) + status.count(ShardState::kFailed), 0U);
    EXPECT_EQ(status.rows, kImages * status.count(ShardState::kDone));
    const auto victim =
        std::next(running_.begin(), static_cast<std::ptrdiff_t>(random.below(running_.size())));
    ::kill(victim->first, SIGKILL);
    wait_for(victim->first);
    start();
  }
  while (!running_.empty()) {
    EXPECT_EQ(wait_for(running_.begin()->first), 0) << log_;
  }
  expect_merged_as_the_rows(MomentsKind::kFourth);
}

TEST_F(Workers, TerminatedNoteTheirPosition) {
  plan(milliseconds(60'000));  // nobody waits for that
  const pid_t worker = start();
  wait_until_inside_a_shard();
  ::kill(worker, SIGTERM);
  EXPECT_EQ(wait_for(worker), 128 + SIGTERM);
  EXPECT_THAT(log_, HasSubstr("the position is kept"));
  const std::vector<std::uint32_t> missing = missing_shards(job());
  EXPECT_EQ(missing.size(), 6 - job_status(job()).count(ShardState::kDone));
  EXPECT_EQ(wait_for(start({"--shards", numbers_text(missing)})), 0) << log_;
  EXPECT_THAT(log_, HasSubstr("going on after"));
  expect_whole();
}

TEST_F(Workers, ThatSleepAreOvertakenAndDoNoHarm) {
  plan(milliseconds(200));
  const pid_t sleeper = start();
  wait_until_inside_a_shard();
  ::kill(sleeper, SIGSTOP);
  const pid_t other = start();
  EXPECT_EQ(wait_for(other), 0);
  EXPECT_THAT(log_, HasSubstr("taken over, its worker shows no sign of life"));
  ::kill(sleeper, SIGCONT);
  EXPECT_EQ(wait_for(sleeper), 0) << log_;
  expect_whole();
}

TEST_F(Workers, WithoutRoomSayItInALineAndOthersGoOn) {
  plan();
  EXPECT_EQ(wait_for(start({"--quiet"}, 4000)), 1);
  EXPECT_THAT(log_, HasSubstr("can't write"));
  EXPECT_EQ(std::count(log_.begin(), log_.end(), '\n'), 1) << log_;
  EXPECT_EQ(job_status(job()).count(ShardState::kMissing), 6U);
  EXPECT_EQ(wait_for(start()), 0) << log_;
  expect_whole();
}

}  // namespace
}  // namespace gradspace
