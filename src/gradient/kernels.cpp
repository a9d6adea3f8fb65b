#include "gradient/kernels.h"

// Of the sets a compiler offers, those that the engine is tuned and tested for: no SSSE3, and no
// vectors of unknown length.
#define GRADSPACE_UNTUNED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_DISABLED_TARGETS  // the build sets it on arm64
#ifdef GRADSPACE_SANITIZED   // one source for all sets: two of them are enough to find its mistakes
#define HWY_DISABLED_TARGETS (GRADSPACE_UNTUNED_TARGETS | HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS GRADSPACE_UNTUNED_TARGETS
#endif
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gradient/kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "gradient/kernel_table-inl.h"

#if HWY_ONCE
#include <fmt/format.h>

#include <array>

#include "gradspace/error.h"

namespace gradspace {
namespace gradient {
namespace {

struct NamedSet {
  InstructionSet set;
  std::string_view name;
  std::int64_t target;  ///< Highway's bit; 0 where this build has no such code
};

// Highway's bits mean different sets on different processors.
#if HWY_ARCH_X86
constexpr std::int64_t kSse4 = HWY_SSE4;
constexpr std::int64_t kAvx2 = HWY_AVX2;
constexpr std::int64_t kAvx512 = HWY_AVX3;
constexpr std::int64_t kNeon = 0;
#elif HWY_ARCH_ARM
constexpr std::int64_t kSse4 = 0;
constexpr std::int64_t kAvx2 = 0;
constexpr std::int64_t kAvx512 = 0;
constexpr std::int64_t kNeon = HWY_NEON;
#else
constexpr std::int64_t kSse4 = 0;
constexpr std::int64_t kAvx2 = 0;
constexpr std::int64_t kAvx512 = 0;
constexpr std::int64_t kNeon = 0;
#endif

/// The best first.
constexpr std::array<NamedSet, 5> kSets{{{InstructionSet::kAvx512, "avx512", kAvx512},
                                         {InstructionSet::kAvx2, "avx2", kAvx2},
                                         {InstructionSet::kSse4, "sse4", kSse4},
                                         {InstructionSet::kNeon, "neon", kNeon},
                                         {InstructionSet::kBest, "best", 0}}};

bool available(const NamedSet& named) {
  return (named.target & HWY_TARGETS & processor_targets()) != 0;
}

}  // namespace

const Kernels& kernels(InstructionSet set) {
  if (set == InstructionSet::kBest) {
    return wide::kernels_of(processor_targets());
  }
  for (const NamedSet& named : kSets) {
    if (named.set == set && available(named)) {
      return wide::kernels_of(named.target);
    }
  }
  std::string have;
  for (const InstructionSet other : available_instruction_sets()) {
    have += fmt::format("{}, ", name(other));
  }
  throw InvalidArgument(
      fmt::format("instruction set {} is not available on this processor (available: {}best)",
                  name(set), have));
}

const Kernels& narrow_kernels(const Kernels& wide) {
  for (const NamedSet& named : kSets) {
    if (named.set == wide.set && (named.target & (kAvx2 | kAvx512)) != 0) {
      return narrow::kernels_of(named.target);
    }
  }
  return wide;
}

}  // namespace gradient

std::string_view name(InstructionSet set) {
  for (const gradient::NamedSet& named : gradient::kSets) {
    if (named.set == set) {
      return named.name;
    }
  }
  throw InvalidArgument(fmt::format("instruction set {} is not known", static_cast<int>(set)));
}

std::vector<InstructionSet> available_instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const gradient::NamedSet& named : gradient::kSets) {
    if (gradient::available(named)) {
      sets.push_back(named.set);
    }
  }
  return sets;
}

}  // namespace gradspace
#endif  // HWY_ONCE
