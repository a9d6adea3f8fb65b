// Memory that threads take in turns, so that images which are huge before they are resized do not lie in it once
// a thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace gradspace {

/// Thread-safe. A thread that wants more than the whole budget waits until no other holds a share. Whoever holds
/// one must not wait for work that could want another.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes) : budget_(bytes) {}

  /// Taken until it is destroyed.
  class Share {
   public:
    Share(MemoryBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {
      std::unique_lock lock(budget_.mutex_);
      budget_.released_.wait(
          lock, [this] { return budget_.used_ == 0 || budget_.used_ + bytes_ <= budget_.budget_; });
      budget_.used_ += bytes_;
    }
    ~Share() {
      {
        const std::lock_guard lock(budget_.mutex_);
        budget_.used_ -= bytes_;
      }
      budget_.released_.notify_all();
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    MemoryBudget& budget_;
    std::uint64_t bytes_;
  };

 private:
  std::uint64_t budget_;
  std::mutex mutex_;
  std::condition_variable released_;
  std::uint64_t used_ = 0;
};

}  // namespace gradspace
