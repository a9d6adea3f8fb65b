// Ctrl-C, politely: the first one asks the work to stop at the next safe place, the second kills.
// SIGTERM alike.
#pragma once

namespace gradspace::cli {

/// While one lives, SIGINT and SIGTERM set a flag instead of ending the process; once. Create at
/// most one at a time.
class InterruptGuard {
 public:
  InterruptGuard() : InterruptGuard(nullptr) {}
  /// For work that can be killed at any time and whose steps may be long: where it has not come to its next safe
  /// place within a second, these last words are written to standard error and the process ends, with
  /// `exit_status()`. They must outlive the process.
  explicit InterruptGuard(const char* last_words);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// Whether a stop was asked for. Thread-safe.
  static bool requested();
  /// 128 + the signal's number: the exit status of a command whose work an interrupt ended.
  static int exit_status();
};

}  // namespace gradspace::cli
