// JSON lines on standard output, by a thread of their own: who reads them slowly holds up nothing.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace gradspace::live {

/// All functions may be called from any thread.
class LineWriter {
 public:
  /// `on_lost` is called for every line that does not fit or can't be written.
  LineWriter(int descriptor, std::function<void()> on_lost);
  /// Stops.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Brief. The line has no end yet. `important`: it may take the place of the oldest that is not. `on_written` is
  /// called on the writer's thread once all of it is written; never where it is lost.
  void write(std::string line, bool important, std::function<void()> on_written = {});
  /// Writes what waits, for at most half a second.
  void stop();

 private:
  struct Line {
    std::string text;
    bool important = false;
    std::function<void()> on_written;
  };

  void run();
  bool write_all(const std::string& text);

  int descriptor_;
  std::function<void()> on_lost_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Line> lines_;
  std::size_t bytes_ = 0;
  bool stopping_ = false;
  bool broken_ = false;
  std::chrono::steady_clock::time_point patience_;
  std::thread thread_;
};

}  // namespace gradspace::live
