// Loops on all cores: oneTBB's parallel_for, with what the thread sanitizer has to be told.
//
// Debian's TBB is not built for the sanitizer, which therefore does not see that the caller's writes come
// before the loop's bodies and theirs before the loop's end. Under the sanitizer these two facts are told
// to it here; races between bodies are still found.
#pragma once

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <utility>

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace gradspace {

/// The order between a loop's caller and its bodies, made known to the thread sanitizer; nothing elsewhere.
class LoopOrder {
 public:
#if defined(__SANITIZE_THREAD__)
  LoopOrder() {
    __tsan_release(&begin_);
  }
  ~LoopOrder() {
    __tsan_acquire(&end_);
  }
  void body_begins() {
    __tsan_acquire(&begin_);
  }
  void body_ends() {
    __tsan_release(&end_);
  }

 private:
  char begin_ = 0;
  char end_ = 0;
#else
  void body_begins() {}
  void body_ends() {}
#endif
};

/// Calls body(i) for every i from `first` to before `last`, on the cores of the current task arena. An
/// exception of a body leaves the loop once the bodies that run have ended.
template <typename Index, typename Body>
void parallel_for(Index first, Index last, const Body& body) {
  LoopOrder order;
  tbb::parallel_for(first, last, [&order, &body](Index i) {
    order.body_begins();
    body(i);
    order.body_ends();
  });
}

/// The same for ranges, cut as the partitioner wants.
template <typename Range, typename Body, typename... Partitioner>
requires requires(Range range) {
  range.is_divisible();
}
void parallel_for(const Range& range, const Body& body, Partitioner&&... partitioner) {
  LoopOrder order;
  tbb::parallel_for(
      range,
      [&order, &body](const Range& part) {
        order.body_begins();
        body(part);
        order.body_ends();
      },
      std::forward<Partitioner>(partitioner)...);
}

}  // namespace gradspace
