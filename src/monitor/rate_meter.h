// How many a second, over the last ten seconds.
#pragma once

#include <array>
#include <cstdint>

#include "monitor/clock.h"

namespace gradspace::monitor {

/// For one thread at a time.
class RateMeter {
 public:
  void count(SteadyTime now) {
    Second& second = at(now);
    ++second.events;
    first_ = first_ == SteadyTime{} ? now : first_;
  }

  double per_second(SteadyTime now) const {
    const std::int64_t present = second_of(now);
    std::uint64_t events = 0;
    for (const Second& second : seconds_) {
      // The present second is not over yet.
      events += second.number < present && second.number >= present - kSpan ? second.events : 0;
    }
    const double watched = in_seconds(now - first_);
    return static_cast<double>(events) / (watched < static_cast<double>(kSpan)
                                              ? (watched < 1 ? 1 : watched)
                                              : static_cast<double>(kSpan));
  }

 private:
  static constexpr std::int64_t kSpan = 10;
  struct Second {
    std::int64_t number = -1;
    std::uint64_t events = 0;
  };

  static std::int64_t second_of(SteadyTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  }
  Second& at(SteadyTime now) {
    const std::int64_t number = second_of(now);
    Second& second = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
    if (second.number != number) {
      second = {number, 0};
    }
    return second;
  }

  std::array<Second, kSpan + 2> seconds_{};
  SteadyTime first_ = {};
};

}  // namespace gradspace::monitor
