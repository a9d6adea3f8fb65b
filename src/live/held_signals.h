// The signals that a service waits for.
#pragma once

#include <signal.h>

#include <chrono>
#include <ctime>

namespace gradspace::live {

/// Holds SIGTERM, SIGINT and SIGHUP back, in this thread and all that it starts from now on.
class HeldSignals {
 public:
  HeldSignals() {
    ::signal(SIGPIPE, SIG_IGN);
    ::sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
      ::sigaddset(&set_, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  /// The next one ends the process.
  void release() const { ::pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }
  /// A signal that came within the time, which is under a second; or 0.
  int wait(std::chrono::milliseconds time) const {
    constexpr long kNanosecondsPerMillisecond = 1'000'000;
    const timespec limit{0, static_cast<long>(time.count()) * kNanosecondsPerMillisecond};
    const int signal = ::sigtimedwait(&set_, nullptr, &limit);
    return signal < 0 ? 0 : signal;
  }

 private:
  sigset_t set_{};
};

inline bool is_end(int signal) {
  return signal == SIGTERM || signal == SIGINT;
}

}  // namespace gradspace::live
