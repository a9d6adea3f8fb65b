// The tables of kernels, one for each instruction set, and the choice among them. Included once for every
// instruction set.
#if defined(GRADSPACE_GRADIENT_KERNEL_TABLE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_GRADIENT_KERNEL_TABLE_INL_H
#undef GRADSPACE_GRADIENT_KERNEL_TABLE_INL_H
#else
#define GRADSPACE_GRADIENT_KERNEL_TABLE_INL_H
#endif

#include <hwy/highway.h>

#include "core/dispatch.h"
#include "gradient/gather-inl.h"
#include "gradient/layout-inl.h"
#include "gradient/loss-inl.h"
#include "gradient/weight-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE {

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
      .planned_lanes = hn::MaxLanes(hn::ScalableTag<float>()),
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

}  // namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gradspace::gradient::GRADSPACE_LANES {
namespace {

GRADSPACE_EXPORT(table);

}  // namespace

const Kernels& kernels_of(std::int64_t targets) {
  // A chooser of our own: that of core/dispatch.h is for the processor's best instructions.
  hwy::ChosenTarget chosen;
  chosen.Update(targets);
  constexpr bool kOne = (HWY_TARGETS & (HWY_TARGETS - 1)) == 0;
  return *HWY_DISPATCH_TABLE(table)[kOne ? 0 : chosen.GetIndex()]();
}

}  // namespace gradspace::gradient::GRADSPACE_LANES
#endif  // HWY_ONCE

#endif  // GRADSPACE_GRADIENT_KERNEL_TABLE_INL_H
