// The kernels of kernels.cpp for groups of four lanes, where an instruction set has vectors of more: the same
// operations in the same order. A few images by themselves are done sooner so, as their arrays fit into the
// first cache.
#include "gradient/kernels.h"

#undef HWY_DISABLED_TARGETS  // the build sets it on arm64
#if defined(__x86_64__) && !defined(GRADSPACE_SANITIZED)
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#elif defined(__x86_64__)
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif
#define GRADSPACE_NARROW
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gradient/narrow_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "gradient/kernel_table-inl.h"
