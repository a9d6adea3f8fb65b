#include "gradspace/threads.h"

#include <fmt/format.h>

#include "core/arena.h"
#include "gradspace/error.h"

namespace gradspace {

void run_with_threads(int threads, const std::function<void()>& work) {
  if (threads < 0) {
    throw InvalidArgument(
        fmt::format("threads is {}; must be 1 or more, or 0 for all cores", threads));
  }
  in_arena(threads, work);
}

}  // namespace gradspace
