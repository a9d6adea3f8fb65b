#include "cli/allocation.h"

#include <cstdlib>  // says whether this is the GNU C library

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace gradspace::cli {

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kMegabyte = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 16 * kMegabyte);  // smaller buffers come from the heap
  mallopt(M_TRIM_THRESHOLD, 64 * kMegabyte);  // of which so much may lie free at its end
#endif
}

}  // namespace gradspace::cli
