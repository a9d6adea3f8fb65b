#include "gradspace/threads.h"

#include <fmt/format.h>
#include <tbb/info.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>

#include "core/arena.h"
#include "core/cpu_quota.h"
#include "gradspace/error.h"

namespace gradspace {

int usable_threads() {
  const int processors = tbb::info::default_concurrency();  // of the affinity mask
  std::ifstream groups("/proc/self/cgroup");
  const std::string text{std::istreambuf_iterator<char>(groups), {}};
  const auto quota = cpu_quota(text, "/sys/fs/cgroup");
  return quota && *quota < processors ? std::max(1, static_cast<int>(std::ceil(*quota)))
                                      : processors;
}

void run_with_threads(int threads, const std::function<void()>& work) {
  if (threads < 0) {
    throw InvalidArgument(
        fmt::format("threads is {}; must be 1 or more, or 0 for all cores", threads));
  }
  // Where so many take part anyhow nothing is made: TBB gives the first arena's number of workers to all later ones.
  in_arena(threads == tbb::this_task_arena::max_concurrency() ? 0 : threads, work);
}

}  // namespace gradspace
