#include <hwy/highway.h>

#include "core/dispatch.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace gradspace {
namespace {

#if HWY_ARCH_X86

struct CpuId {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
};

/// Zeros where the processor has no such leaf.
CpuId cpu_id(unsigned leaf) {
  CpuId id;
  if (__get_cpuid_count(leaf, 0, &id.eax, &id.ebx, &id.ecx, &id.edx) == 0) {
    return {};
  }
  return id;
}

bool has_bits(unsigned value, std::initializer_list<int> bits) {
  bool all = true;
  for (const int bit : bits) {
    all = all && (value >> bit & 1U) != 0;
  }
  return all;
}

/// Which registers the system saves when it switches threads.
unsigned saved_registers() {
  unsigned low = 0;
  unsigned high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

std::int64_t find_targets() {
  const CpuId basic = cpu_id(1);
  const CpuId extended = cpu_id(7);
  const CpuId amd = cpu_id(0x80000001U);
  const bool ssse3 = has_bits(basic.ecx, {0, 9});
  const bool sse4 = ssse3 && has_bits(basic.ecx, {1, 19, 20, 25});  // CLMUL, SSE4.1, SSE4.2, AES
  const unsigned saved = has_bits(basic.ecx, {27}) ? saved_registers() : 0;
  const bool avx2 = sse4 && has_bits(saved, {1, 2}) && has_bits(basic.ecx, {12, 28, 29}) &&
                    has_bits(extended.ebx, {3, 5, 8}) &&  // BMI, AVX2, BMI2; before: FMA, AVX, F16C
                    has_bits(amd.ecx, {5});               // LZCNT
  const bool avx3 = avx2 && has_bits(saved, {5, 6, 7}) &&
                    has_bits(extended.ebx, {16, 17, 28, 30, 31});  // AVX-512 F, DQ, CD, BW, VL
  std::int64_t targets = 0;
  targets |= ssse3 ? HWY_SSSE3 : 0;
  targets |= sse4 ? HWY_SSE4 : 0;
  targets |= avx2 ? HWY_AVX2 : 0;
  targets |= avx3 ? HWY_AVX3 : 0;
  return targets;
}

#elif (HWY_TARGETS & (HWY_TARGETS - 1)) == 0

std::int64_t find_targets() {
  return HWY_TARGETS;
}

#else

std::int64_t find_targets() {
  return hwy::SupportedTargets();
}

#endif

}  // namespace

std::int64_t processor_targets() {
  static const std::int64_t targets = (find_targets() & HWY_TARGETS) | HWY_STATIC_TARGET;
  return targets;
}

const hwy::ChosenTarget& chosen_target() {
  static const hwy::ChosenTarget& chosen = [&]() -> const hwy::ChosenTarget& {
    static hwy::ChosenTarget target;
    target.Update(processor_targets());
    return target;
  }();
  return chosen;
}

}  // namespace gradspace
