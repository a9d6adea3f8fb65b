#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/output.h"

namespace gradspace::cli {
namespace {

constexpr auto kTerminalInterval = std::chrono::milliseconds(100);
constexpr auto kLogInterval = std::chrono::seconds(10);
constexpr std::size_t kBarWidth = 24;

std::size_t terminal_columns() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return 80;
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(std::max(0.0, seconds) + 0.5);
  if (whole >= 3600) {
    return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  }
  if (whole >= 60) {
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  }
  return fmt::format("{} s", whole);
}

std::string progress_line(std::string_view what, std::string_view unit, std::size_t done,
                          std::size_t total, double per_second, std::string_view note,
                          std::size_t columns) {
  const double share =
      total == 0 ? 0.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  std::string line =
      fmt::format("{} [{}{}] {:3.0f} %  {}/{} {}", what, std::string(filled, '='),
                  std::string(kBarWidth - filled, ' '), share * 100, done, total, unit);
  if (per_second > 0 && done < total) {
    line += fmt::format("  {:.{}f}/s  {} left", per_second, per_second < 10 ? 1 : 0,
                        duration_text(static_cast<double>(total - done) / per_second));
  }
  if (!note.empty()) {
    line += fmt::format("  {}", note);
  }
  if (line.size() > columns) {
    line.resize(columns);
  }
  return line;
}

Progress::Progress(std::string what, std::string unit, bool quiet)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1) {
  const auto first = terminal_ ? start_ : start_ + kLogInterval;
  next_draw_ = first.time_since_epoch().count();
}

Progress::~Progress() {
  const std::scoped_lock lock(mutex_);
  clear();
}

void Progress::update(std::size_t done, std::size_t total, std::string_view note) {
  if (quiet_) {
    return;
  }
  const auto now = Clock::now();
  if (now.time_since_epoch().count() < next_draw_.load(std::memory_order_relaxed) && started_) {
    return;
  }
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock.owns_lock()) {  // otherwise somebody else is drawing
    draw(done, total, note, now);
  }
}

void Progress::draw(std::size_t done, std::size_t total, std::string_view note,
                    Clock::time_point now) {
  if (!started_.exchange(true)) {
    first_done_ = done;
    start_ = now;
  }
  if (now.time_since_epoch().count() < next_draw_.load(std::memory_order_relaxed)) {
    return;
  }
  const auto interval = terminal_ ? Clock::duration(kTerminalInterval) : kLogInterval;
  next_draw_ = (now + interval).time_since_epoch().count();
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate =
      seconds > 0 && done > first_done_ ? static_cast<double>(done - first_done_) / seconds : 0.0;
  const std::size_t columns = terminal_ ? terminal_columns() - 1 : 200;
  const std::string line = progress_line(what_, unit_, done, total, rate, note, columns);
  if (terminal_) {
    write_message(fmt::format("\r\x1b[K{}", line));
    bar_shown_ = true;
  } else {
    cli::say("{}", line);
  }
}

void Progress::say(std::string_view message) {
  if (quiet_) {
    return;
  }
  const std::scoped_lock lock(mutex_);
  clear();
  cli::say("{}", message);
}

void Progress::say_failure(std::string_view message) {
  const std::scoped_lock lock(mutex_);
  clear();
  cli::say("gradspace: {}", message);
}

void Progress::clear() {
  if (std::exchange(bar_shown_, false)) {
    write_message("\r\x1b[K");
  }
}

}  // namespace gradspace::cli
