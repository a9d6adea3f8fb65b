// The wish that what waits for frames, files or time should end.
#pragma once

#include <atomic>
#include <chrono>

#include "core/descriptor.h"

namespace gradspace::monitor {

/// Thread-safe. Once it was requested it stays so.
class StopSignal {
 public:
  /// Throws IoError when the process has no file descriptor left.
  StopSignal();

  void request();
  bool requested() const { return requested_; }
  /// Can be read once it was requested.
  int descriptor() const { return event_.get(); }
  /// Waits for it, for at most so long. Whether it was requested.
  bool wait(std::chrono::nanoseconds at_most) const;
  /// Waits until there is something to read from `file`, or the stop is requested, or the time is over. True in the
  /// first case, and where the file can't be waited for.
  bool wait_readable(int file, std::chrono::nanoseconds at_most) const;

 private:
  std::atomic<bool> requested_{false};
  Descriptor event_;  ///< readable once it was requested
};

}  // namespace gradspace::monitor
