// Callbacks of parallel work, one at a time.
#pragma once

#include <tbb/task_arena.h>

#include <mutex>
#include <utility>

namespace gradspace {

/// Runs calls by one thread at a time.
class OneAtATime {
 public:
  template <typename Call>
  void operator()(Call&& call) const {
    const std::scoped_lock lock(in_use_);
    // A callback that does parallel work of its own must not pick up a task of the work that called it, which could
    // want the same lock.
    tbb::this_task_arena::isolate(std::forward<Call>(call));
  }

 private:
  mutable std::mutex in_use_;
};

}  // namespace gradspace
