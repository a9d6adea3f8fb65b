#include "monitor/stop_signal.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace::monitor {
namespace {

/// Waits for the descriptors; over and over where a signal comes first.
int poll_for(pollfd* files, nfds_t count, std::chrono::nanoseconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  for (;;) {
    const auto left = std::max(std::chrono::nanoseconds(0),
                               std::chrono::nanoseconds(end - std::chrono::steady_clock::now()));
    const timespec time = {static_cast<time_t>(left.count() / 1'000'000'000),
                           static_cast<long>(left.count() % 1'000'000'000)};
    const int ready = ::ppoll(files, count, &time, nullptr);
    if (ready >= 0 || errno != EINTR) {
      return ready;
    }
  }
}

}  // namespace

StopSignal::StopSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) {
    throw IoError(fmt::format("monitor: can't make an event: {}", last_system_error()));
  }
}

void StopSignal::request() {
  requested_ = true;
  const std::uint64_t one = 1;
  static_cast<void>(::write(event_.get(), &one, sizeof one) == 0);
}

bool StopSignal::wait(std::chrono::nanoseconds at_most) const {
  pollfd wanted = {event_.get(), POLLIN, 0};
  poll_for(&wanted, 1, at_most);
  return requested_;
}

bool StopSignal::wait_readable(int file, std::chrono::nanoseconds at_most) const {
  pollfd wanted[] = {{event_.get(), POLLIN, 0}, {file, POLLIN, 0}};
  const int ready = poll_for(wanted, 2, at_most);
  return !requested_ && (ready < 0 || wanted[1].revents != 0);
}

}  // namespace gradspace::monitor
