#include "cli/interrupt.h"

#include <csignal>

namespace gradspace::cli {
namespace {

/// The signal that asked for a stop; 0 = none did.
volatile std::sig_atomic_t stop_signal = 0;

void on_signal(int signal) {
  stop_signal = signal;
  // The next one does what it always does.
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  stop_signal = 0;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool InterruptGuard::requested() {
  return stop_signal != 0;
}

int InterruptGuard::exit_status() {
  constexpr int kEndedBySignal = 128;
  return kEndedBySignal + stop_signal;
}

}  // namespace gradspace::cli
