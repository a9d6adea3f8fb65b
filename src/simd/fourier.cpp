#include "simd/fourier.h"

#include <algorithm>
#include <cassert>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/fourier.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/aligned_array.h"
#include "core/dispatch.h"
#include "core/round_up.h"
#include "simd/fourier_butterflies-inl.h"

#ifndef GRADSPACE_SIMD_FOURIER_ONCE
#define GRADSPACE_SIMD_FOURIER_ONCE
namespace gradspace::simd {

/// Where a pass over the columns of a plane reads and writes. For the inverse the parts are exchanged, which
/// makes the forward transform the inverse one.
struct ColumnPass {
  const float* in_re;
  const float* in_im;
  std::size_t in_stride;
  const float* filter;  ///< null = none; its stride is the input's
  float scale;
  float* out_re;
  float* out_im;
  std::size_t out_stride;
  bool transposed;  ///< columns of the input become rows of the output
};

}  // namespace gradspace::simd
#endif

HWY_BEFORE_NAMESPACE();
namespace gradspace::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Sixteen columns of a plane, element `order[i]` of each in row i.
void load_block(const ColumnPass& pass, std::size_t column, const FourierPlan& plan, float* re,
                float* im) {
  const Tag d;
  const auto scale = hn::Set(d, pass.scale);
  for (std::size_t i = 0; i < plan.length; ++i) {
    const std::size_t from = plan.order.empty() ? i : plan.order[i];
    const std::size_t start = from * pass.in_stride + column;
    for (std::size_t l = 0; l < kFourierLanes; l += hn::Lanes(d)) {
      const auto factor =
          pass.filter == nullptr ? scale : hn::Mul(scale, hn::Load(d, pass.filter + start + l));
      hn::Store(hn::Mul(factor, hn::Load(d, pass.in_re + start + l)), d,
                re + i * kFourierLanes + l);
      hn::Store(hn::Mul(factor, hn::Load(d, pass.in_im + start + l)), d,
                im + i * kFourierLanes + l);
    }
  }
}

void store_block(const float* block, std::size_t length, float* out, std::size_t stride) {
  const Tag d;
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t l = 0; l < kFourierLanes; l += hn::Lanes(d)) {
      hn::Store(hn::Load(d, block + i * kFourierLanes + l), d, out + i * stride + l);
    }
  }
}

#if HWY_TARGET == HWY_SCALAR
/// Four rows of four values to four columns.
inline void transpose_four(const float* in, std::size_t in_stride, float* out,
                           std::size_t out_stride) {
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t x = 0; x < 4; ++x) {
      out[x * out_stride + y] = in[y * in_stride + x];
    }
  }
}
#else
/// Four rows of four values, in vectors that every processor has, to four columns.
HWY_INLINE void transpose_four(const float* in, std::size_t in_stride, float* out,
                               std::size_t out_stride) {
  const hn::FixedTag<float, 4> d;
  const hn::FixedTag<double, 2> pairs;
  const auto a = hn::Load(d, in);
  const auto b = hn::Load(d, in + in_stride);
  const auto c = hn::Load(d, in + 2 * in_stride);
  const auto e = hn::Load(d, in + 3 * in_stride);
  const auto ab_low = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto ab_high = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ce_low = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto ce_high = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, ab_low, ce_low)), d, out);
  hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_low, ce_low)), d, out + out_stride);
  hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, ab_high, ce_high)), d, out + 2 * out_stride);
  hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_high, ce_high)), d, out + 3 * out_stride);
}
#endif

/// As store_block, into rows. The rows of the output are long enough for whole fours.
void store_transposed(const float* block, std::size_t length, float* out, std::size_t stride) {
  for (std::size_t i = 0; i < length; i += 4) {
    for (std::size_t l = 0; l < kFourierLanes; l += 4) {
      transpose_four(block + i * kFourierLanes + l, kFourierLanes, out + l * stride + i, stride);
    }
  }
}

/// Bluestein: k j = (k^2 + j^2 - (k - j)^2) / 2, so that a transform is a convolution with a chirp. `work` has
/// room for four blocks of the convolution's length.
void transform_by_chirp(const FourierPlan& plan, float* re, float* im, float* work) {
  const FourierPlan& convolution = *plan.convolution;
  const std::size_t size = convolution.length * kFourierLanes;
  float* a_re = work;
  float* a_im = work + size;
  float* b_re = work + 2 * size;
  float* b_im = work + 3 * size;
  for (std::size_t i = 0; i < convolution.length; ++i) {
    const std::size_t from = convolution.order[i];
    const bool inside = from < plan.length;
    turn_row(inside ? re + from * kFourierLanes : nullptr, im + from * kFourierLanes,
             inside ? plan.chirp.re[from] : 0, inside ? plan.chirp.im[from] : 0,
             a_re + i * kFourierLanes, a_im + i * kFourierLanes);
  }
  run_stages(convolution, a_re, a_im);
  for (std::size_t i = 0; i < convolution.length; ++i) {
    const std::size_t from = convolution.order[i];
    turn_row(a_re + from * kFourierLanes, a_im + from * kFourierLanes, plan.chirp_spectrum.re[from],
             plan.chirp_spectrum.im[from], b_re + i * kFourierLanes, b_im + i * kFourierLanes);
  }
  run_stages(convolution, b_im, b_re);  // the inverse
  for (std::size_t i = 0; i < plan.length; ++i) {
    turn_row(b_re + i * kFourierLanes, b_im + i * kFourierLanes, plan.chirp.re[i], plan.chirp.im[i],
             re + i * kFourierLanes, im + i * kFourierLanes);
  }
}

/// Transforms all `columns` of a plane along its rows.
void column_pass(const FourierPlan& plan, std::size_t columns, const ColumnPass& pass) {
  const std::size_t block = (plan.length + 3) / 4 * 4 * kFourierLanes;
  const std::size_t chirps =
      plan.convolution == nullptr ? 0 : 4 * plan.convolution->length * kFourierLanes;
  const auto work = make_aligned<float>(2 * block + chirps);
  std::fill_n(work.get(), 2 * block + chirps, 0.0F);
  float* re = work.get();
  float* im = re + block;
  for (std::size_t column = 0; column < columns; column += kFourierLanes) {
    load_block(pass, column, plan, re, im);
    if (plan.convolution == nullptr) {
      run_stages(plan, re, im);
    } else {
      transform_by_chirp(plan, re, im, im + block);
    }
    const auto store = pass.transposed ? store_transposed : store_block;
    const std::size_t start = pass.transposed ? column * pass.out_stride : column;
    store(re, plan.length, pass.out_re + start, pass.out_stride);
    store(im, plan.length, pass.out_im + start, pass.out_stride);
  }
}

}  // namespace
}  // namespace gradspace::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::simd {
namespace {

GRADSPACE_EXPORT(column_pass);

std::size_t whole_blocks(std::size_t size) {
  return round_up_to(kFourierLanes, size);
}

}  // namespace

std::size_t ComplexPlane::stride_for(std::size_t columns) {
  // Rows that are a multiple of 512 bytes apart would meet in a few lines of the caches.
  const std::size_t stride = whole_blocks(columns);
  return stride % 128 == 0 ? stride + kFourierLanes : stride;
}

ComplexPlane::ComplexPlane(std::size_t rows, std::size_t columns)
    : rows_(rows), columns_(columns), stride_(stride_for(columns)) {
  const std::size_t size = whole_blocks(rows) * stride_;
  for (auto* part : {&re_, &im_}) {
    *part = make_aligned<float>(size);
    std::fill_n(part->get(), size, 0.0F);
  }
}

void PlaneFourier::forward(const ComplexPlane& plane, ComplexPlane& spectrum) const {
  assert(plane.rows() == rows() && plane.columns() == columns());
  assert(spectrum.rows() == columns() && spectrum.columns() == rows());
  GRADSPACE_DISPATCH(column_pass)
  (of_columns_, columns(),
   {plane.re(), plane.im(), plane.stride(), nullptr, 1, spectrum.re(), spectrum.im(),
    spectrum.stride(), true});
  GRADSPACE_DISPATCH(column_pass)
  (of_rows_, rows(),
   {spectrum.re(), spectrum.im(), spectrum.stride(), nullptr, 1, spectrum.re(), spectrum.im(),
    spectrum.stride(), false});
}

void PlaneFourier::inverse(const ComplexPlane& spectrum, const float* filter,
                           ComplexPlane& plane) const {
  assert(plane.rows() == rows() && plane.columns() == columns());
  assert(spectrum.rows() == columns() && spectrum.columns() == rows());
  const float scale = 1 / static_cast<float>(rows() * columns());
  GRADSPACE_DISPATCH(column_pass)
  (of_rows_, rows(),
   {spectrum.im(), spectrum.re(), spectrum.stride(), filter, scale, plane.im(), plane.re(),
    plane.stride(), true});
  GRADSPACE_DISPATCH(column_pass)
  (of_columns_, columns(),
   {plane.im(), plane.re(), plane.stride(), nullptr, 1, plane.im(), plane.re(), plane.stride(),
    false});
}

}  // namespace gradspace::simd

#endif  // HWY_ONCE
