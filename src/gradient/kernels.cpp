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

#include "core/dispatch.h"
#include "gradient/gather-inl.h"
#include "gradient/layout-inl.h"
#include "gradient/loss-inl.h"
#include "gradient/weight-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SSE4
inline constexpr InstructionSet kSet = InstructionSet::kSse4;
#elif HWY_TARGET == HWY_AVX2
inline constexpr InstructionSet kSet = InstructionSet::kAvx2;
#elif HWY_TARGET == HWY_AVX3
inline constexpr InstructionSet kSet = InstructionSet::kAvx512;
#elif HWY_TARGET == HWY_NEON
inline constexpr InstructionSet kSet = InstructionSet::kNeon;
#else
inline constexpr InstructionSet kSet = InstructionSet::kBest;
#endif

static_assert(kLanes <= kMaxLanes);

const Kernels* table() {
  static constexpr Kernels kTable{
      .set = kSet,
      .lanes = kLanes,
      .accumulators = kAccumulators,
      .load_u8 = &load_u8,
      .load_rows = &load_rows,
      .store_rows = &store_rows,
      .gather = &gather,
      .weight_gradient = &weight_gradient,
      .output = &output,
      .square = &square,
      .kld = &kld,
      .kld_logvar_gradient = &kld_logvar_gradient,
      .add_squares = &add_squares,
      .add_products = &add_products,
      .add = &add,
      .multiply = &multiply,
      .sample = &sample,
      .sample_gradient = &sample_gradient,
      .add_channel_sums = &add_channel_sums,
      .sum_lanes = &sum_lanes,
      .exp = &exp_values,
      .multiply_adds = &multiply_adds,
  };
  return &kTable;
}

}  // namespace gradspace::gradient::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <fmt/format.h>

#include <array>

#include "gradspace/error.h"

namespace gradspace {
namespace gradient {
namespace {

GRADSPACE_EXPORT(table);

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

const Kernels& kernels_of(std::int64_t targets) {
  // A chooser of our own: Highway's is the whole program's.
  hwy::ChosenTarget chosen;
  chosen.Update(targets);
  constexpr bool kOne = (HWY_TARGETS & (HWY_TARGETS - 1)) == 0;
  return *HWY_DISPATCH_TABLE(table)[kOne ? 0 : chosen.GetIndex()]();
}

bool available(const NamedSet& named) {
  return (named.target & HWY_TARGETS & processor_targets()) != 0;
}

}  // namespace

const Kernels& kernels(InstructionSet set) {
  if (set == InstructionSet::kBest) {
    return kernels_of(processor_targets());
  }
  for (const NamedSet& named : kSets) {
    if (named.set == set && available(named)) {
      return kernels_of(named.target);
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
