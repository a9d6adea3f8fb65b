#include "core/watched.h"

#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "core/arena.h"
#include "core/parallel.h"
#include "gradspace/error.h"
#include "gradspace/threads.h"

namespace gradspace {
namespace {

/// An observer whose functions notice when two of them run at once.
class Crowd {
 public:
  JobObserver observer() {
    JobObserver observer;
    observer.on_progress = [this](std::size_t done, std::size_t) {
      enter();
      seen.push_back(done);
    };
    observer.on_failure = [this](std::string_view) { enter(); };
    observer.stop_requested = [this] {
      enter();
      return false;
    };
    return observer;
  }

  std::vector<std::size_t> seen;
  bool crowded = false;

 private:
  void enter() {
    crowded = crowded || inside_++ > 0;
    // A callback with parallel work of its own, as one that draws a picture may have.
    parallel_for(100, [](std::size_t) {});
    --inside_;
  }

  std::atomic<int> inside_{0};
};

TEST(Watched, CallsOneAtATimeAndCountsInOrder) {
  Crowd crowd;
  const JobObserver observer = crowd.observer();
  Watched watched(observer);
  Counted counted(watched, 400);
  in_arena(4, [&] {
    parallel_for(400, [&](std::size_t i) {
      EXPECT_FALSE(watched.stop());
      if (i % 7 == 0) {
        watched.failure("seven");
      }
      counted.add();
    });
  });
  EXPECT_FALSE(crowd.crowded);
  ASSERT_EQ(crowd.seen.size(), 400U);
  for (std::size_t i = 0; i < 400; ++i) {
    EXPECT_EQ(crowd.seen[i], i + 1);
  }
}

TEST(Watched, StaysStopped) {
  int asked = 0;
  JobObserver observer;
  observer.stop_requested = [&] { return ++asked == 2; };
  Watched watched(observer);
  EXPECT_FALSE(watched.stop());
  EXPECT_FALSE(watched.stopped());
  EXPECT_TRUE(watched.stop());
  EXPECT_TRUE(watched.stop());
  EXPECT_TRUE(watched.stopped());
  EXPECT_EQ(asked, 2) << "not asked again";
}

TEST(RunWithThreads, LimitsThreadsAndPassesErrorsOn) {
  int seen = 0;
  run_with_threads(3, [&] { seen = tbb::this_task_arena::max_concurrency(); });
  EXPECT_EQ(seen, 3);
  run_with_threads(
      1, [&] { run_with_threads(0, [&] { seen = tbb::this_task_arena::max_concurrency(); }); });
  EXPECT_EQ(seen, 1) << "0 keeps the caller's limit";
  EXPECT_THROW(run_with_threads(-1, [] {}), InvalidArgument);
  EXPECT_THROW(run_with_threads(2, [] { throw std::runtime_error("work"); }), std::runtime_error);
}

}  // namespace
}  // namespace gradspace
