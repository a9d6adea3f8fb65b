#include "quality/ssim_rows.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quality/ssim_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<double, 8>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());

/// A strip's samples and what the window reaches over, in whole vectors.
constexpr std::size_t kReached = kSsimStrip + 16;
static_assert(kReached >= kSsimStrip + kSsimTaps - 1 && kReached % 8 == 0);

/// The window's sum over values that lie at term(0) to term(kSsimTaps - 1): equal weights once for both.
template <typename Term>
HWY_INLINE V symmetric_sum(const SsimWindow& window, const Term& term) {
  const D d;
  constexpr std::size_t kMiddle = kSsimTaps / 2;
  V sum = hn::Mul(hn::Set(d, window.weights[kMiddle]), hn::LoadU(d, term(kMiddle)));
  for (std::size_t k = 0; k < kMiddle; ++k) {
    const V pair = hn::Add(hn::LoadU(d, term(k)), hn::LoadU(d, term(kSsimTaps - 1 - k)));
    sum = hn::MulAdd(hn::Set(d, window.weights[k]), pair, sum);
  }
  return sum;
}

struct Samples {
  alignas(64) double moments[kSsimMoments][kReached];
};

/// Both rows' samples as what is summed; zeros behind the last.
HWY_INLINE void read_samples(const std::uint8_t* a, const std::uint8_t* b, std::size_t count,
                             Samples& samples) {
  std::uint8_t ends[2][kReached] = {};
  std::copy_n(a, count, ends[0]);
  std::copy_n(b, count, ends[1]);
  const D d;
  const hn::Rebind<std::int32_t, D> d32;
  const hn::Rebind<std::uint8_t, D> d8;
  for (std::size_t x = 0; x < kReached; x += kLanes) {
    const auto left = hn::PromoteTo(d32, hn::LoadU(d8, ends[0] + x));
    const auto right = hn::PromoteTo(d32, hn::LoadU(d8, ends[1] + x));
    const V sum = hn::PromoteTo(d, hn::Add(left, right));
    const V difference = hn::PromoteTo(d, hn::Sub(left, right));
    hn::Store(sum, d, samples.moments[kSsimSum] + x);
    hn::Store(difference, d, samples.moments[kSsimDifference] + x);
    hn::Store(hn::Mul(sum, sum), d, samples.moments[kSsimSumSquare] + x);
    hn::Store(hn::Mul(difference, difference), d, samples.moments[kSsimDifferenceSquare] + x);
  }
}

void row_sums_kernel(const SsimWindow& window, const std::uint8_t* a, const std::uint8_t* b,
                     std::size_t columns, SsimRow& sums) {
  Samples samples;
  read_samples(a, b, columns + kSsimTaps - 1, samples);
  for (std::size_t x = 0; x < columns; x += kLanes) {
    for (std::size_t m = 0; m < kSsimMoments; ++m) {
      const double* from = samples.moments[m] + x;
      const V sum = symmetric_sum(window, [from](std::size_t k) { return from + k; });
      hn::StoreU(sum, D(), sums[m].data() + x);
    }
  }
}

double similarity_kernel(const SsimWindow& window,
                         const std::array<const SsimRow*, kSsimTaps>& rows, std::size_t columns) {
  const D d;
  const V twice_c1 = hn::Set(d, 2 * window.c1);
  const V twice_c2 = hn::Set(d, 2 * window.c2);
  V total = hn::Zero(d);
  for (std::size_t x = 0; x < columns; x += kLanes) {
    const auto moment = [&](std::size_t m) HWY_ATTR {
      return symmetric_sum(window, [&](std::size_t k) { return (*rows[k])[m].data() + x; });
    };
    const V sum = moment(kSsimSum);
    const V difference = moment(kSsimDifference);
    const V sum_squared = hn::Mul(sum, sum);
    const V difference_squared = hn::Mul(difference, difference);
    const V sum_variance = hn::Sub(moment(kSsimSumSquare), sum_squared);
    const V difference_variance = hn::Sub(moment(kSsimDifferenceSquare), difference_squared);
    const V above = hn::Mul(hn::Add(hn::Sub(sum_squared, difference_squared), twice_c1),
                            hn::Add(hn::Sub(sum_variance, difference_variance), twice_c2));
    const V below = hn::Mul(hn::Add(hn::Add(sum_squared, difference_squared), twice_c1),
                            hn::Add(hn::Add(sum_variance, difference_variance), twice_c2));
    const V similarity = hn::Div(above, below);
    total = hn::Add(total, hn::IfThenElseZero(hn::FirstN(d, columns - x), similarity));
  }
  return hn::GetLane(hn::SumOfLanes(d, total));
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {
namespace {

GRADSPACE_EXPORT(row_sums_kernel);
GRADSPACE_EXPORT(similarity_kernel);

}  // namespace

void ssim_row_sums(const SsimWindow& window, const std::uint8_t* a, const std::uint8_t* b,
                   std::size_t columns, SsimRow& sums) {
  GRADSPACE_DISPATCH(row_sums_kernel)(window, a, b, columns, sums);
}

double ssim_of_rows(const SsimWindow& window, const std::array<const SsimRow*, kSsimTaps>& rows,
                    std::size_t columns) {
  return GRADSPACE_DISPATCH(similarity_kernel)(window, rows, columns);
}

}  // namespace gradspace::quality

#endif  // HWY_ONCE
