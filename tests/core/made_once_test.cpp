#include "core/made_once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "core/arena.h"
#include "core/parallel.h"

namespace gradspace {
namespace {

TEST(MadeOnce, IsMadeOnceForAllThreads) {
  MadeOnce<int> value;
  std::atomic<int> made = 0;
  in_arena(4, [&] {
    parallel_for(100, [&](std::size_t) { EXPECT_EQ(value.get([&] { return 41 + ++made; }), 42); });
  });
  EXPECT_EQ(made, 1);
}

TEST(MadeOnce, IsTriedAnewAfterAnException) {
  MadeOnce<int> value;
  const auto fail = []() -> int { throw std::runtime_error("not now"); };
  EXPECT_THROW(value.get(fail), std::runtime_error);
  EXPECT_THROW(value.get(fail), std::runtime_error);
  EXPECT_EQ(value.get([] { return 7; }), 7);
  EXPECT_EQ(value.get(fail), 7);
}

}  // namespace
}  // namespace gradspace
