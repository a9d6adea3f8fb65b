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

#include "core/dispatch.h"
#include "gradient/kernel_table-inl.h"

#if HWY_ONCE
namespace gradspace::gradient::narrow {
namespace {

GRADSPACE_EXPORT(table);

}  // namespace

const Kernels& kernels_of(std::int64_t targets) {
  hwy::ChosenTarget chosen;
  chosen.Update(targets);
  constexpr bool kOne = (HWY_TARGETS & (HWY_TARGETS - 1)) == 0;
  return *HWY_DISPATCH_TABLE(table)[kOne ? 0 : chosen.GetIndex()]();
}

}  // namespace gradspace::gradient::narrow
#endif  // HWY_ONCE
