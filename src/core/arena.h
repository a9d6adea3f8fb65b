// Work on a number of threads that the caller chose.
#pragma once

#include <tbb/task_arena.h>

#include <utility>

namespace gradspace {

/// Calls `f` where at most `threads` threads, this one among them, take part in what it does in parallel;
/// 0 = as many as the caller's own arena has. Returns what `f` returns.
template <typename Function>
auto in_arena(int threads, Function&& f) {
  if (threads <= 0) {
    return std::forward<Function>(f)();
  }
  tbb::task_arena arena(threads);
  return arena.execute(std::forward<Function>(f));
}

}  // namespace gradspace
