// Long work, watched from Python.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gradspace/job_observer.h"

namespace gradspace::python {

/// Runs work on a thread of its own, while the thread that called from Python waits without the GIL and wakes up
/// several times a second to see to signals and to call Python's functions. These are therefore called by the thread
/// that asked for the work, as Python's programmers expect, and never hold the work up.
class Job {
 public:
  /// `watcher` is a Python object with the methods `progress(done, total, note)`, and `tell(kind, line)`, whose kind is
  /// "failure" or "remark".
  explicit Job(pybind11::object watcher) : watcher_(std::move(watcher)) {}

  /// For jobs of the library. It must not outlive the job.
  JobObserver observer();

  /// The same for work that tells of itself in other ways. Any thread may call them.
  void progress(std::size_t done, std::size_t total, std::string_view note = {});
  void tell(const char* kind, std::string_view line);
  bool stop_requested() const { return stop_; }

  /// Called with the GIL held. Throws what the work threw. When a Python function or a signal's handler raised
  /// something, the work is asked to stop, waited for, and that is thrown instead: after Ctrl-C, KeyboardInterrupt.
  void run(const std::function<void()>& work);

 private:
  struct Progress {
    std::size_t done;
    std::size_t total;
    std::string note;
  };

  void look_after();

  pybind11::object watcher_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  bool finished_ = false;
  std::optional<Progress> progress_;
  std::deque<std::pair<const char*, std::string>> lines_;
};

}  // namespace gradspace::python
