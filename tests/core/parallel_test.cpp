#include "core/parallel.h"

#include <gtest/gtest.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "core/arena.h"

namespace gradspace {
namespace {

using Ranges = std::vector<std::pair<std::size_t, std::size_t>>;

/// The ranges that a loop over `count` numbers is cut into, in order.
template <typename Loop>
Ranges ranges_of(Loop loop) {
  std::mutex mutex;
  Ranges ranges;
  in_arena(4, [&] {
    loop([&](std::size_t begin, std::size_t end) {
      const std::scoped_lock lock(mutex);
      ranges.emplace_back(begin, end);
    });
  });
  std::ranges::sort(ranges);
  return ranges;
}

void expect_to_cover(const Ranges& ranges, std::size_t count) {
  std::size_t reached = 0;
  for (const auto& [begin, end] : ranges) {
    EXPECT_EQ(begin, reached);
    EXPECT_LT(begin, end);
    reached = end;
  }
  EXPECT_EQ(reached, count);
}

TEST(ParallelFor, CallsTheBodyOnceForEachNumber) {
  std::vector<int> calls(1000);
  in_arena(4, [&] { parallel_for(calls.size(), [&](std::size_t i) { ++calls[i]; }); });
  EXPECT_EQ(std::ranges::count(calls, 1), 1000);
  parallel_for(0, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, PassesOnWhatABodyThrows) {
  const auto throwing = [](std::size_t i) {
    if (i == 70) {
      throw std::runtime_error("seventy");
    }
  };
  EXPECT_THROW(parallel_for(100, throwing), std::runtime_error);
}

/// Waits a while for what another thread is to do; false where it does not come.
template <typename Condition>
bool comes_true(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

TEST(ParallelFor, WithinAnotherIsFinishedWhateverTheOtherThrows) {
  std::atomic<bool> begun{false};
  std::atomic<bool> cancelled{false};
  std::atomic<int> calls{0};
  const auto body = [&](std::size_t i) {
    if (i == 0) {
      if (comes_true([&] { return begun.load(); })) {
        throw std::runtime_error("the other one");
      }
      return;
    }
    begun = true;
    cancelled = comes_true([] { return tbb::is_current_task_group_canceling(); });
    parallel_for(1000, [&](std::size_t) { ++calls; });
    parallel_for_ranges(
        1000, 10, [&](std::size_t from, std::size_t to) { calls += static_cast<int>(to - from); });
  };
  try {
    in_arena(2, [&] { parallel_for(2, body); });
    GTEST_SKIP() << "both bodies ran on one thread";
  } catch (const std::runtime_error&) {
  }
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(calls, 2000);
}

TEST(ParallelForRanges, CoversAllNumbersOnce) {
  expect_to_cover(ranges_of([](const auto& body) { parallel_for_ranges(1003, 10, body); }), 1003);
}

TEST(ParallelForShortRanges, CutsUntilTheRangesAreShort) {
  const Ranges ranges =
      ranges_of([](const auto& body) { parallel_for_short_ranges(1003, 10, body); });
  expect_to_cover(ranges, 1003);
  for (const auto& [begin, end] : ranges) {
    EXPECT_LE(end - begin, 10U);
  }
}

TEST(ParallelPipeline, KeepsTheOrderAndTheNumberOfItems) {
  constexpr std::size_t kMost = 3;
  constexpr int kItems = 200;
  std::vector<int> places(kMost);
  std::vector<int> seen;
  std::atomic<std::size_t> under_way = 0;
  int made = 0;
  in_arena(4, [&] {
    parallel_pipeline<int>(
        kMost,
        [&]() -> int* {
          if (made == kItems) {
            return nullptr;
          }
          EXPECT_LE(++under_way, kMost);
          int& place = places[static_cast<std::size_t>(made) % kMost];
          place = made++;
          return &place;
        },
        [](int* item) { *item *= 2; },
        [&](const int* item) {
          seen.push_back(*item);
          --under_way;
        });
  });
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kItems));
  for (int i = 0; i < kItems; ++i) {
    EXPECT_EQ(seen[static_cast<std::size_t>(i)], 2 * i);
  }
}

TEST(InArena, ReturnsWhatTheFunctionReturns) {
  EXPECT_EQ(in_arena(2, [] { return std::vector<int>(3, 7); }), std::vector<int>(3, 7));
  EXPECT_EQ(in_arena(0, [] { return 5; }), 5);
}

}  // namespace
}  // namespace gradspace
