// Cameras whose frame waits to be judged, in the order in which they came.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

namespace gradspace::monitor {

class Camera;

/// Thread-safe.
class ReadyQueue {
 public:
  void push(std::shared_ptr<Camera> camera) {
    {
      const std::lock_guard lock(mutex_);
      cameras_.push_back(std::move(camera));
    }
    changed_.notify_one();
  }

  /// Waits for one; null once the queue is closed.
  std::shared_ptr<Camera> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !cameras_.empty(); });
    if (closed_) {
      return nullptr;
    }
    std::shared_ptr<Camera> camera = std::move(cameras_.front());
    cameras_.pop_front();
    return camera;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Camera>> cameras_;
  bool closed_ = false;
};

}  // namespace gradspace::monitor
