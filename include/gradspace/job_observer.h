// How a caller watches long work, and ends it.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace gradspace {

/// What a job tells its caller. Any of the functions may be empty.
///
/// One call at a time: no two of an observer's functions run at once, nor one with itself, whatever the
/// number of threads, so that they need no lock of their own. They run on any of the job's threads, which
/// wait for them: be brief. What they throw ends the job and reaches its caller.
struct JobObserver {
  /// So many of all images (or what the job says it counts) are dealt with, failures included.
  std::function<void(std::size_t done, std::size_t total)> on_progress;
  /// One line about something that was left out; the job goes on with the rest.
  std::function<void(std::string_view line)> on_failure;
  /// One line that is worth knowing and no failure, such as how many files of a folder were passed over.
  std::function<void(std::string_view line)> on_remark;
  /// Asked often; true ends the work at the next safe place.
  std::function<bool()> stop_requested;
};

}  // namespace gradspace
