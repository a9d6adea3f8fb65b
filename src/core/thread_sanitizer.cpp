// Compiled in builds for the thread sanitizer alone, and itself without it.
#include "core/thread_sanitizer.h"

#include <sanitizer/tsan_interface.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

namespace gradspace::under_thread_sanitizer {
namespace {

/// A moment that orders threads: all that threads did before they marked it comes before all that a thread
/// does after it awaited it.
class Moment {
 public:
  void mark() { __tsan_release(&address_); }
  void await() { __tsan_acquire(&address_); }

 private:
  char address_ = 0;  // stands for the moment; never read
};

/// What a caller has others do: it begins after what the caller did before, and ends before what the caller
/// does afterwards.
class Work {
 public:
  Work() { begin_.mark(); }
  ~Work() { end_.await(); }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  /// While a thread does a part of the work.
  class Part {
   public:
    explicit Part(Work& work) : work_(work) { work_.begin_.await(); }
    ~Part() { work_.end_.mark(); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

   private:
    Work& work_;
  };

 private:
  Moment begin_;
  Moment end_;
};

/// While a thread does what is done by one thread at a time.
class Turn {
 public:
  explicit Turn(Moment& moment) : moment_(moment) { moment_.await(); }
  ~Turn() { moment_.mark(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Moment& moment_;
};

}  // namespace

void loop(std::size_t count, std::size_t grain, bool short_ranges,
          const std::function<void(std::size_t, std::size_t)>& body) {
  Work work;
  const tbb::blocked_range<std::size_t> all(0, count, grain);
  const auto run = [&](const tbb::blocked_range<std::size_t>& range) {
    const Work::Part part(work);
    body(range.begin(), range.end());
  };
  tbb::task_group_context own(tbb::task_group_context::isolated);
  if (short_ranges) {
    tbb::parallel_for(all, run, tbb::simple_partitioner(), own);
  } else {
    tbb::parallel_for(all, run, own);
  }
}

void pipeline(std::size_t most, const std::function<void*()>& first,
              const std::function<void(void*)>& middle, const std::function<void(void*)>& last) {
  using tbb::filter_mode;
  Work work;
  Moment first_done;
  Moment last_done;
  tbb::task_group_context own(tbb::task_group_context::isolated);
  tbb::parallel_pipeline(most,
                         tbb::make_filter<void, void*>(
                             filter_mode::serial_in_order,
                             [&](tbb::flow_control& flow) {
                               const Work::Part part(work);
                               const Turn turn(first_done);
                               last_done.await();  // of the items that made room for this one
                               void* const item = first();
                               if (item == nullptr) {
                                 flow.stop();
                               } else {
                                 __tsan_release(item);
                               }
                               return item;
                             }) &
                             tbb::make_filter<void*, void*>(filter_mode::parallel,
                                                            [&](void* item) {
                                                              const Work::Part part(work);
                                                              __tsan_acquire(item);
                                                              middle(item);
                                                              __tsan_release(item);
                                                              return item;
                                                            }) &
                             tbb::make_filter<void*, void>(filter_mode::serial_in_order,
                                                           [&](void* item) {
                                                             const Work::Part part(work);
                                                             const Turn turn(last_done);
                                                             __tsan_acquire(item);
                                                             last(item);
                                                           }),
                         own);
}

void in_arena(int threads, const std::function<void()>& work) {
  Work given;
  tbb::task_arena arena(threads);
  arena.execute([&] {
    const Work::Part part(given);
    work();
  });
}

}  // namespace gradspace::under_thread_sanitizer
