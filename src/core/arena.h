// Work on a number of threads that the caller chose.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "core/thread_sanitizer.h"

#if !GRADSPACE_THREAD_SANITIZER
#include <tbb/task_arena.h>
#endif

namespace gradspace {

/// Calls `f` where at most `threads` threads, this one among them, take part in what it does in parallel;
/// 0 = as many as the caller's own arena has. Returns what `f` returns.
template <typename Function>
auto in_arena(int threads, Function&& f) {
  if (threads <= 0) {
    return std::forward<Function>(f)();
  }
#if GRADSPACE_THREAD_SANITIZER
  using Result = std::invoke_result_t<Function>;
  if constexpr (std::is_void_v<Result>) {
    under_thread_sanitizer::in_arena(threads, [&] { f(); });
  } else {
    std::optional<Result> result;
    under_thread_sanitizer::in_arena(threads, [&] { result.emplace(f()); });
    return *std::move(result);
  }
#else
  tbb::task_arena arena(threads);
  return arena.execute(std::forward<Function>(f));
#endif
}

}  // namespace gradspace
