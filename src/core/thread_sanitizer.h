// oneTBB as the thread sanitizer must see it. For parallel.h and arena.h alone.
//
// Debian's TBB is not compiled for the sanitizer, which therefore sees nothing of the order that TBB's queues
// keep between threads: whatever a caller and the bodies of its loop hand each other would be taken for a
// race. In builds for the sanitizer all loops, pipelines and arenas go through the functions here, which
// tell it the order that TBB promises and no more: bodies of one loop have no order, and races between them
// are found. The functions are compiled without the sanitizer, because TBB's templates make a task in one
// thread and run it in another.
#pragma once

#include <cstddef>
#include <functional>

#if defined(__SANITIZE_THREAD__)
#define GRADSPACE_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GRADSPACE_THREAD_SANITIZER 1
#endif
#endif
#ifndef GRADSPACE_THREAD_SANITIZER
#define GRADSPACE_THREAD_SANITIZER 0
#endif

namespace gradspace::under_thread_sanitizer {

/// Calls body(begin, end) for ranges that are together [0, count); with `short_ranges` none is longer than
/// `grain`.
void loop(std::size_t count, std::size_t grain, bool short_ranges,
          const std::function<void(std::size_t, std::size_t)>& body);

/// See parallel_pipeline.
void pipeline(std::size_t most, const std::function<void*()>& first,
              const std::function<void(void*)>& middle, const std::function<void(void*)>& last);

/// See in_arena.
void in_arena(int threads, const std::function<void()>& work);

}  // namespace gradspace::under_thread_sanitizer
