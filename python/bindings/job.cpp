#include "job.h"

#include <chrono>
#include <exception>
#include <thread>

namespace gradspace::python {
namespace {

namespace py = pybind11;

constexpr std::chrono::milliseconds kWakeUp{50};

}  // namespace

JobObserver Job::observer() {
  JobObserver observer;
  observer.on_progress = [this](std::size_t done, std::size_t total) { progress(done, total); };
  observer.on_failure = [this](std::string_view line) { tell("failure", line); };
  observer.on_remark = [this](std::string_view line) { tell("remark", line); };
  observer.stop_requested = [this] { return stop_requested(); };
  return observer;
}

void Job::progress(std::size_t done, std::size_t total, std::string_view note) {
  const std::lock_guard lock(mutex_);
  progress_ = {done, total, std::string(note)};
}

void Job::tell(const char* kind, std::string_view line) {
  const std::lock_guard lock(mutex_);
  lines_.emplace_back(kind, line);
}

/// Calls Python's functions with what has come since, and sees to signals. Throws what they raise.
void Job::look_after() {
  std::optional<Progress> progress;
  std::deque<std::pair<const char*, std::string>> lines;
  {
    const std::lock_guard lock(mutex_);
    progress.swap(progress_);
    lines.swap(lines_);
  }
  for (const auto& [kind, line] : lines) {
    watcher_.attr("tell")(kind, line);
  }
  if (progress) {
    watcher_.attr("progress")(progress->done, progress->total, progress->note);
  }
  if (PyErr_CheckSignals() != 0) {
    throw py::error_already_set();
  }
}

void Job::run(const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread worker([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  });
  std::exception_ptr raised;
  for (bool finished = false; !finished;) {
    {
      const py::gil_scoped_release release;
      std::unique_lock lock(mutex_);
      finished = changed_.wait_for(lock, kWakeUp, [&] { return finished_; });
    }
    if (raised) {
      continue;
    }
    try {
      look_after();
    } catch (py::error_already_set&) {
      raised = std::current_exception();
      stop_ = true;
    }
  }
  worker.join();
  if (raised) {
    std::rethrow_exception(raised);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

}  // namespace gradspace::python
