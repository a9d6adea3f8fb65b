#include "cli/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <cstring>

namespace gradspace::cli {
namespace {

/// The signal that asked for a stop; 0 = none did.
volatile std::sig_atomic_t stop_signal = 0;

/// Of work that can be killed; null where it can't.
const char* volatile last_words_of_work = nullptr;

constexpr unsigned kSecondsOfPatience = 1;

// Signal handlers call what POSIX allows them alone.

void on_alarm(int) {
  const char* const words = last_words_of_work;
  static_cast<void>(!::write(STDERR_FILENO, words, std::strlen(words)));
  ::_exit(InterruptGuard::exit_status());
}

void on_signal(int signal) {
  stop_signal = signal;
  if (last_words_of_work != nullptr) {
    ::alarm(kSecondsOfPatience);
  }
  // The next one does what it always does.
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard(const char* last_words) {
  stop_signal = 0;
  last_words_of_work = last_words;
  std::signal(SIGALRM, on_alarm);
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  ::alarm(0);
  std::signal(SIGALRM, SIG_DFL);
  last_words_of_work = nullptr;
}

bool InterruptGuard::requested() {
  return stop_signal != 0;
}

int InterruptGuard::exit_status() {
  constexpr int kEndedBySignal = 128;
  return kEndedBySignal + stop_signal;
}

}  // namespace gradspace::cli
