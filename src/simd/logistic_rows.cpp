#include "simd/logistic_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/logistic_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace math = gradient::wide::HWY_NAMESPACE;

void kernel(std::size_t rows, std::size_t columns, const float* HWY_RESTRICT bias,
            float* HWY_RESTRICT values) {
  const math::D d;
  const math::V one = hn::Set(d, 1.0F);
  for (std::size_t row = 0; row < rows; ++row, values += columns) {
    for (std::size_t i = 0; i < columns; i += math::kLanes) {
      const math::V x = hn::Add(hn::LoadU(d, values + i), hn::LoadU(d, bias + i));
      const math::V e = math::exp_minus_abs(x);
      hn::StoreU(math::logistic(x, e, hn::Div(one, hn::Add(one, e))), d, values + i);
    }
  }
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {

GRADSPACE_EXPORT(kernel);

void logistic_rows(std::size_t rows, std::size_t columns, const float* bias, float* values) {
  GRADSPACE_DISPATCH(kernel)(rows, columns, bias, values);
}

}  // namespace gradspace::quality

#endif  // HWY_ONCE
