#include "work.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <string>
#include <thread>

#include "gradspace/error.h"
#include "gradspace/threads.h"

namespace gradspace::python {

int thread_count(int threads) {
  if (threads < 0) {
    throw InvalidArgument("threads: " + std::to_string(threads) + " is less than 0");
  }
  constexpr int kMost = 1024;  // as many as any machine has a use for
  return threads == 0 ? usable_threads() : std::min(threads, kMost);
}

void in_pieces(std::size_t count, std::size_t piece, int threads,
               const std::function<PieceWork()>& begin, const std::function<bool()>& stop) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    try {
      const PieceWork work = begin();
      while (!failed && !stop()) {
        const std::size_t first = next.fetch_add(piece);
        if (first >= count) {
          return;
        }
        work(first, std::min(piece, count - first));
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) {
        failure = std::current_exception();
      }
    }
  };
  const std::size_t pieces = (count + piece - 1) / piece;
  // To ask how many threads are usable takes as long as the gradients of an image.
  const std::size_t helpers =
      pieces <= 1 ? pieces : std::min(pieces, static_cast<std::size_t>(thread_count(threads)));
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < helpers; ++i) {
      others.emplace_back(run);
    }
    if (count > 0) {
      run();
    }
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

}  // namespace gradspace::python
