// Parallel loops and pipelines: oneTBB's, told to the thread sanitizer in builds for it.
//
// Where one is called within another, and a body of the outer one throws, the inner ones that run are finished all the
// same. (oneTBB itself would end them without a word, and their callers would go on with half of the work done.)
#pragma once

#include <cstddef>

#include "core/thread_sanitizer.h"

#if !GRADSPACE_THREAD_SANITIZER
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_group.h>
#endif

namespace gradspace {

/// Calls body(i) for every i below `count`, on the threads of the caller's arena, in no order. What a body
/// throws is passed on after the bodies that run have ended; others are then left out.
template <typename Body>
void parallel_for(std::size_t count, const Body& body) {
#if GRADSPACE_THREAD_SANITIZER
  under_thread_sanitizer::loop(count, 1, false, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      body(i);
    }
  });
#else
  tbb::task_group_context own(tbb::task_group_context::isolated);
  tbb::parallel_for(std::size_t{0}, count, body, own);
#endif
}

/// The same with body(begin, end) for ranges that are together [0, count). A range is cut as threads are
/// free to take a part of it, but none of at most `grain` numbers is cut.
template <typename Body>
void parallel_for_ranges(std::size_t count, std::size_t grain, const Body& body) {
#if GRADSPACE_THREAD_SANITIZER
  under_thread_sanitizer::loop(count, grain, false, body);
#else
  tbb::task_group_context own(tbb::task_group_context::isolated);
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, count, grain),
      [body](const tbb::blocked_range<std::size_t>& range) { body(range.begin(), range.end()); },
      own);
#endif
}

/// The same, but ranges are always cut until they have at most `grain` numbers: for bodies that report what
/// is done or ask whether to stop.
template <typename Body>
void parallel_for_short_ranges(std::size_t count, std::size_t grain, const Body& body) {
#if GRADSPACE_THREAD_SANITIZER
  under_thread_sanitizer::loop(count, grain, true, body);
#else
  tbb::task_group_context own(tbb::task_group_context::isolated);
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, count, grain),
      [body](const tbb::blocked_range<std::size_t>& range) { body(range.begin(), range.end()); },
      tbb::simple_partitioner(), own);
#endif
}

/// Passes pointers to items through three steps, at most `most` items at a time. `first()` returns the next
/// item, and null after the last; `middle(item)` runs for several items at a time; `last(item)` takes them
/// in the order in which they came. `first` does not run twice at a time, nor does `last`.
template <typename Item, typename First, typename Middle, typename Last>
void parallel_pipeline(std::size_t most, const First& first, const Middle& middle,
                       const Last& last) {
#if GRADSPACE_THREAD_SANITIZER
  under_thread_sanitizer::pipeline(
      most, [&]() -> void* { return first(); },
      [&](void* item) { middle(static_cast<Item*>(item)); },
      [&](void* item) { last(static_cast<Item*>(item)); });
#else
  using tbb::filter_mode;
  tbb::task_group_context own(tbb::task_group_context::isolated);
  tbb::parallel_pipeline(most,
                         tbb::make_filter<void, Item*>(filter_mode::serial_in_order,
                                                       [&](tbb::flow_control& flow) {
                                                         Item* const item = first();
                                                         if (item == nullptr) {
                                                           flow.stop();
                                                         }
                                                         return item;
                                                       }) &
                             tbb::make_filter<Item*, Item*>(filter_mode::parallel,
                                                            [&](Item* item) {
                                                              middle(item);
                                                              return item;
                                                            }) &
                             tbb::make_filter<Item*, void>(filter_mode::serial_in_order,
                                                           [&](Item* item) { last(item); }),
                         own);
#endif
}

}  // namespace gradspace
