#include "live/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "live/log.h"

namespace gradspace::live {
namespace {

constexpr std::size_t kMostWaitingBytes = std::size_t{8} << 20;

}  // namespace

LineWriter::LineWriter(int descriptor, std::function<void()> on_lost)
    : descriptor_(descriptor), on_lost_(std::move(on_lost)), thread_([this] { run(); }) {}

LineWriter::~LineWriter() {
  stop();
}

void LineWriter::write(std::string line, bool important, std::function<void()> on_written) {
  line += '\n';
  bool lost = false;
  {
    const std::lock_guard lock(mutex_);
    if (important) {
      while (bytes_ + line.size() > kMostWaitingBytes) {
        const auto unimportant = std::ranges::find(lines_, false, &Line::important);
        if (unimportant == lines_.end()) {
          break;
        }
        bytes_ -= unimportant->text.size();
        lines_.erase(unimportant);
        lost = true;
      }
    }
    if (broken_ || bytes_ + line.size() > kMostWaitingBytes) {
      lost = true;
    } else {
      bytes_ += line.size();
      lines_.push_back({std::move(line), important, std::move(on_written)});
    }
  }
  wake_.notify_one();
  if (lost) {
    on_lost_();
  }
}

/// False where nobody reads any more, or not in time.
bool LineWriter::write_all(const std::string& text) {
  constexpr int kPollMs = 100;
  std::size_t written = 0;
  while (written < text.size()) {
    pollfd poll{descriptor_, POLLOUT, 0};
    if (::poll(&poll, 1, kPollMs) == 0) {
      const std::lock_guard lock(mutex_);
      if (stopping_ && std::chrono::steady_clock::now() > patience_) {
        return false;
      }
      continue;
    }
    // A pipe that is ready takes so many bytes without a wait.
    const std::size_t size = std::min<std::size_t>(text.size() - written, PIPE_BUF);
    const ssize_t done = ::write(descriptor_, text.data() + written, size);
    if (done < 0 && errno != EINTR && errno != EAGAIN) {
      log(LogLevel::kError, "standard output can't be written; no more lines are",
          {{"reason", std::strerror(errno)}});
      const std::lock_guard lock(mutex_);
      broken_ = true;
      return false;
    }
    written += done > 0 ? static_cast<std::size_t>(done) : 0;
  }
  return true;
}

void LineWriter::run() {
  for (;;) {
    std::string text;
    std::vector<std::function<void()>> on_written;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !lines_.empty(); });
      if (lines_.empty() || broken_) {
        return;
      }
      constexpr std::size_t kAtOnce = 65536;
      while (!lines_.empty() && text.size() < kAtOnce) {
        text += lines_.front().text;
        if (lines_.front().on_written) {
          on_written.push_back(std::move(lines_.front().on_written));
        }
        lines_.pop_front();
      }
      bytes_ -= text.size();
    }
    if (!write_all(text)) {
      on_lost_();
      const std::lock_guard lock(mutex_);
      broken_ = true;
      lines_.clear();
      bytes_ = 0;
      return;
    }
    for (const std::function<void()>& call : on_written) {
      call();
    }
  }
}

void LineWriter::stop() {
  constexpr std::chrono::milliseconds kPatience{500};
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      patience_ = std::chrono::steady_clock::now() + kPatience;
    }
  }
  wake_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

}  // namespace gradspace::live
