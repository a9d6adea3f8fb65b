// Many images on several threads, each with a worker of its own that keeps its memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "capi/boundary.h"
#include "core/arena.h"
#include "core/parallel.h"

namespace gradspace::capi {

template <typename Worker>
class Workers {
 public:
  using Make = std::function<std::unique_ptr<Worker>()>;

  /// Makes the first at once, so that what can't be made is known; the others when they are needed, by any thread.
  /// `threads`: 0 = all cores. Throws InvalidArgument when it is negative.
  Workers(Make make, std::int32_t threads)
      : make_(std::move(make)), threads_(checked_threads(threads)) {
    put(add());
  }

  /// The one that the caller's thread may work with while it calls nothing else.
  Worker& first() { return *workers_.front(); }

  /// Calls body(worker, begin, end) for batches that are together [0, count), none of more than `most`, which is at
  /// least 1.
  template <typename Body>
  void in_batches(std::size_t count, std::size_t most, const Body& body) {
    if (threads_ == 1 || count <= 1) {
      for (std::size_t begin = 0; begin < count; begin += most) {
        body(first(), begin, std::min(count, begin + most));
      }
      return;
    }
    // A few batches a thread, so that they end together.
    constexpr std::size_t kBatches = 64;
    const std::size_t grain = std::clamp<std::size_t>(count / kBatches, 1, most);
    in_arena(threads_, [&] {
      parallel_for_short_ranges(count, grain, [&](std::size_t begin, std::size_t end) {
        Worker* const worker = take();
        try {
          body(*worker, begin, end);
        } catch (...) {
          put(worker);
          throw;
        }
        put(worker);
      });
    });
  }

 private:
  Worker* take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        Worker* const worker = idle_.back();
        idle_.pop_back();
        return worker;
      }
    }
    return add();
  }

  Worker* add() {
    std::unique_ptr<Worker> worker = make_();
    const std::lock_guard lock(mutex_);
    idle_.reserve(workers_.size() + 1);  // so that `put` can't fail
    workers_.push_back(std::move(worker));
    return workers_.back().get();
  }

  void put(Worker* worker) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(worker);
  }

  Make make_;
  int threads_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> idle_;  ///< all of them, between calls
};

}  // namespace gradspace::capi
