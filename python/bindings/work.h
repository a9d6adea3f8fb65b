// Work on many images by several threads of one's own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace gradspace::python {

/// How many threads `threads` stands for: 0 = `usable_threads()`. Throws InvalidArgument when it is negative.
int thread_count(int threads);

/// Calls `work` for pieces of at most `piece` of `count` things, from several threads, the caller's among them; every
/// thread calls `begin` once for the function that it then calls with (first, count). Throws what one of
/// them threw first, once all are done. No piece is begun once `stop` says so.
using PieceWork = std::function<void(std::size_t first, std::size_t count)>;
void in_pieces(std::size_t count, std::size_t piece, int threads,
               const std::function<PieceWork()>& begin, const std::function<bool()>& stop);

/// Things that are costly to make and are for one thread at a time, such as backends: lent to a thread, and kept for
/// the next one. Thread-safe.
template <typename T>
class Pool {
 public:
  explicit Pool(std::function<std::unique_ptr<T>()> make) : make_(std::move(make)) {}

  /// What is lent goes back when the last copy of the pointer goes. The pool must outlive it.
  std::shared_ptr<T> lend() {
    std::unique_ptr<T> thing;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        thing = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (thing == nullptr) {
      thing = make_();
    }
    return {thing.release(), [this](T* lent) { take_back(std::unique_ptr<T>(lent)); }};
  }

 private:
  void take_back(std::unique_ptr<T> thing) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(thing));
  }

  std::function<std::unique_ptr<T>()> make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace gradspace::python
