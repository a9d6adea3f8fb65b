// Calls of kernels that Highway compiled for several instruction sets: the best that the processor has.
//
// As HWY_EXPORT and HWY_DYNAMIC_DISPATCH, which need Highway's shared library: that measures the processor's timer
// while it is loaded, for a third of the time that a short command takes. Here nothing but its headers is needed.
// To be included behind <hwy/highway.h>.
#pragma once

#include <hwy/targets.h>

#include <cstdint>

namespace gradspace {

/// Highway's bits of the instruction sets that this processor and its system support, among those that
/// kernels are compiled for. Thread-safe.
std::int64_t processor_targets();

/// The same as Highway's tables are indexed.
const hwy::ChosenTarget& chosen_target();

}  // namespace gradspace

#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0
#define GRADSPACE_EXPORT(kernel) HWY_EXPORT(kernel)
#define GRADSPACE_DISPATCH(kernel) HWY_STATIC_DISPATCH(kernel)
#else
/// Behind a kernel's namespaces, under HWY_ONCE: lists its versions.
#define GRADSPACE_EXPORT(kernel)                                                       \
  static decltype(&HWY_STATIC_DISPATCH(kernel)) const HWY_DISPATCH_TABLE(              \
      kernel)[HWY_MAX_DYNAMIC_TARGETS + 2] = {nullptr, HWY_CHOOSE_TARGET_LIST(kernel), \
                                              HWY_CHOOSE_FALLBACK(kernel)}
/// The version for this processor, to be called.
#define GRADSPACE_DISPATCH(kernel) \
  (*(HWY_DISPATCH_TABLE(kernel)[gradspace::chosen_target().GetIndex()]))
#endif
