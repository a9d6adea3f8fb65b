// Values that are made when they are first asked for.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

namespace gradspace {

/// Thread-safe. Used in place of std::call_once: once its function has thrown, the next call never returns
/// under the thread sanitizer, which keeps the books of such calls itself.
template <typename Value>
class MadeOnce {
 public:
  /// What the first call's `make` returned; others that come meanwhile wait for it. When `make` throws, the
  /// exception is passed on and the next call makes the value.
  template <typename Make>
  const Value& get(const Make& make) {
    if (!is_made_.load(std::memory_order_acquire)) {
      const std::scoped_lock lock(mutex_);
      if (!value_) {
        value_.emplace(make());
        is_made_.store(true, std::memory_order_release);
      }
    }
    return *value_;
  }

 private:
  std::atomic<bool> is_made_{false};
  std::mutex mutex_;
  std::optional<Value> value_;
};

}  // namespace gradspace
