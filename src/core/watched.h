// A job's side of its observer: keeps the promise that callbacks come one at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

#include "core/one_at_a_time.h"
#include "gradspace/job_observer.h"

namespace gradspace {

/// Thread-safe. The observer outlives it.
class Watched {
 public:
  explicit Watched(const JobObserver& observer) : observer_(observer) {}

  const JobObserver& observer() const { return observer_; }

  /// Runs `call`, one at a time with the observer's functions: for callbacks that a job has beside them,
  /// and for what must happen together with one.
  template <typename Call>
  void alone(Call&& call) {
    one_at_a_time_(std::forward<Call>(call));
  }

  void progress(std::size_t done, std::size_t total) {
    if (observer_.on_progress) {
      alone([&] { observer_.on_progress(done, total); });
    }
  }

  void failure(std::string_view line) {
    if (observer_.on_failure) {
      alone([&] { observer_.on_failure(line); });
    }
  }

  /// Nothing for an empty line.
  void remark(std::string_view line) {
    if (observer_.on_remark && !line.empty()) {
      alone([&] { observer_.on_remark(line); });
    }
  }

  /// Whether the work is to end: asks the observer, until it once says so.
  bool stop() {
    if (!stopped_ && observer_.stop_requested) {
      alone([&] { stopped_ = stopped_ || observer_.stop_requested(); });
    }
    return stopped_;
  }

  /// What `stop` last said.
  bool stopped() const { return stopped_; }

 private:
  const JobObserver& observer_;
  OneAtATime one_at_a_time_;
  std::atomic<bool> stopped_{false};
};

/// Counts what is done and reports it, so that an observer sees the numbers in order.
class Counted {
 public:
  Counted(Watched& watched, std::size_t total) : watched_(watched), total_(total) {}

  /// One more is done. `also` runs first, together with the report.
  template <typename Also>
  void add(Also&& also) {
    watched_.alone([&] {
      also();
      ++done_;
      if (const auto& on_progress = watched_.observer().on_progress) {
        on_progress(done_, total_);
      }
    });
  }
  void add() {
    add([] {});
  }

 private:
  Watched& watched_;
  std::size_t total_;
  std::size_t done_ = 0;
};

}  // namespace gradspace
