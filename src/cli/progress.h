// Progress of long work on standard error: a bar with rate and time left on a terminal, a line every
// ten seconds elsewhere, nothing when quiet.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace gradspace::cli {

class Progress {
 public:
  /// `what` stands before the bar ("extract"), `unit` after the counts ("images").
  Progress(std::string what, std::string unit, bool quiet);
  /// Clears the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Cheap: draws only when it is time. `note` ends the line ("loss 812.4"). Thread-safe.
  void update(std::size_t done, std::size_t total, std::string_view note = {});

  /// A message that stays, above the bar. Thread-safe.
  void say(std::string_view message);
  /// "gradspace: " and the message, also where nothing else is to be said. Thread-safe.
  void say_failure(std::string_view message);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::size_t done, std::size_t total, std::string_view note, Clock::time_point now);
  void clear();

  std::string what_;
  std::string unit_;
  bool quiet_;
  bool terminal_;
  bool bar_shown_ = false;
  std::size_t first_done_ = 0;  ///< done before this run: does not count in the rate
  std::atomic<bool> started_{false};
  Clock::time_point start_ = Clock::now();
  std::atomic<Clock::rep> next_draw_{0};
  std::mutex mutex_;
};

/// "2 h 05 min", "3 min 20 s", "12 s".
std::string duration_text(double seconds);

/// The whole line without line end, at most `columns` wide. Pure, for tests.
std::string progress_line(std::string_view what, std::string_view unit, std::size_t done,
                          std::size_t total, double per_second, std::string_view note,
                          std::size_t columns);

}  // namespace gradspace::cli
