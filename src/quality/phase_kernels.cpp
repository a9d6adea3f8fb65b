#include "quality/phase_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quality/phase_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

void phase_kernel(const PhaseResponses& responses, float threshold, float* HWY_RESTRICT energy,
                  float* HWY_RESTRICT amplitude, std::size_t size) {
  const hn::CappedTag<float, 16> d;
  const auto tiny = hn::Set(d, 1e-4F);  // as in the authors' code
  for (std::size_t x = 0; x < size; x += hn::Lanes(d)) {
    auto even_sum = hn::Zero(d);
    auto odd_sum = hn::Zero(d);
    auto amplitudes = hn::Load(d, amplitude + x);
    for (std::size_t s = 0; s < kPhaseScales; ++s) {
      const auto even = hn::Load(d, responses.even[s] + x);
      const auto odd = hn::Load(d, responses.odd[s] + x);
      even_sum = hn::Add(even_sum, even);
      odd_sum = hn::Add(odd_sum, odd);
      const auto square = hn::MulAdd(even, even, hn::Mul(odd, odd));
      amplitudes = hn::Add(amplitudes, hn::Sqrt(square));
    }
    hn::Store(amplitudes, d, amplitude + x);
    const auto square = hn::MulAdd(even_sum, even_sum, hn::Mul(odd_sum, odd_sum));
    const auto length = hn::Add(hn::Sqrt(square), tiny);
    const auto mean_even = hn::Div(even_sum, length);
    const auto mean_odd = hn::Div(odd_sum, length);
    auto local = hn::Zero(d);
    for (std::size_t s = 0; s < kPhaseScales; ++s) {
      const auto even = hn::Load(d, responses.even[s] + x);
      const auto odd = hn::Load(d, responses.odd[s] + x);
      const auto along = hn::MulAdd(even, mean_even, hn::Mul(odd, mean_odd));
      const auto aside = hn::Sub(hn::Mul(even, mean_odd), hn::Mul(odd, mean_even));
      local = hn::Add(local, hn::Sub(along, hn::Abs(aside)));
    }
    const auto over = hn::Max(hn::Sub(local, hn::Set(d, threshold)), hn::Zero(d));
    hn::Store(hn::Add(hn::Load(d, energy + x), over), d, energy + x);
  }
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {
namespace {

GRADSPACE_EXPORT(phase_kernel);

}  // namespace

void add_phase_energy(const PhaseResponses& responses, float threshold, float* energy,
                      float* amplitude, std::size_t size) {
  GRADSPACE_DISPATCH(phase_kernel)(responses, threshold, energy, amplitude, size);
}

}  // namespace gradspace::quality

#endif  // HWY_ONCE
