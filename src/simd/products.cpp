#include "simd/products.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "core/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/products.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/aligned_array.h"
#include "core/dispatch.h"
#include "simd/product_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace tile = simd::HWY_NAMESPACE;

template <typename T>
using Tag = hn::CappedTag<T, kPanelColumns>;
template <typename T>
constexpr std::size_t kLanes = hn::MaxLanes(Tag<T>());
template <typename T>
constexpr std::size_t kVectors = kPanelColumns / kLanes<T>;
/// Twelve sums in registers, whatever their width.
template <typename T>
constexpr std::size_t kTileRows = std::max<std::size_t>(12 / kVectors<T>, 1);

/// Panels that are taken together: where a vector is a panel, two give each value of the left-hand matrix twice the
/// work.
template <typename T>
constexpr std::size_t kPanels = kVectors<T> == 1 ? 2 : 1;

/// The rows `begin` to `end` of `Panels` panels of columns, which are `panel_step` apart in b and lie side by side in
/// c. The last tile reaches beyond `end` where `limit`, the number of rows that there are, allows it.
template <std::size_t Panels, tile::Store kStore, typename T>
HWY_INLINE void panel_rows(std::size_t begin, std::size_t end, std::size_t limit, std::size_t k,
                           const Strided<T>& a, const T* b, std::size_t b_step,
                           std::size_t panel_step, T* c, std::size_t c_step) {
  const Tag<T> d;
  constexpr std::size_t kWidth = Panels * kVectors<T>;
  const std::size_t vector_step = kVectors<T> == 1 ? panel_step : kLanes<T>;
  std::size_t i = begin;
  for (; i < end && i + kTileRows<T> <= limit; i += kTileRows<T>) {
    tile::product_tile<kTileRows<T>, kWidth, Rounding::kFused, kStore>(
        d, k, a.from_row(i), b, b_step, c + i * c_step, c_step, vector_step);
  }
  for (; i < end; ++i) {
    tile::product_tile<1, kWidth, Rounding::kFused, kStore>(d, k, a.from_row(i), b, b_step,
                                                            c + i * c_step, c_step, vector_step);
  }
}

/// Calls use(panels, column) for panels that are together `columns` columns; `panels` is a constant.
template <typename T, typename Use>
HWY_INLINE void for_each_panel(std::size_t columns, const Use& use) {
  std::size_t j = 0;
  for (; j + kPanels<T> * kPanelColumns <= columns; j += kPanels<T> * kPanelColumns) {
    use(std::integral_constant<std::size_t, kPanels<T>>(), j);
  }
  for (; j < columns; j += kPanelColumns) {
    use(std::integral_constant<std::size_t, 1>(), j);
  }
}

/// Of a symmetric product only the tiles on and above the diagonal, and what they reach over below it.
template <typename T>
void multiply_tiles(std::size_t m, const T* a, const BasicPackedMatrix<T>& b, T* c,
                    bool symmetric) {
  const std::size_t k = b.rows();
  const std::size_t n = b.columns();
  for (std::size_t begin = 0; begin < m; begin += kBlockRows) {
    const std::size_t limit = std::min(begin + kBlockRows, m);
    for_each_panel<T>(n, [&](auto panels, std::size_t j) HWY_ATTR {
      const std::size_t end = symmetric ? std::min(j + panels.value * kPanelColumns, limit) : limit;
      panel_rows<panels.value, tile::Store::kReplace>(begin, end, limit, k, Strided<T>{a, k, 1},
                                                      b.panel(j), kPanelColumns, k * kPanelColumns,
                                                      c + j, n);
    });
  }
}

void multiply_kernel(std::size_t m, const float* a, const PackedMatrix& b, float* c,
                     bool symmetric) {
  multiply_tiles(m, a, b, c, symmetric);
}

void multiply_double_kernel(std::size_t m, const double* a, const BasicPackedMatrix<double>& b,
                            double* c, bool symmetric) {
  multiply_tiles(m, a, b, c, symmetric);
}

void add_kernel(std::size_t rows, std::size_t m, const float* a, std::size_t n, const float* b,
                bool upper, float* c) {
  for_each_panel<float>(n, [&](auto panels, std::size_t j) HWY_ATTR {
    const std::size_t end = upper ? std::min(j + panels.value * kPanelColumns, m) : m;
    panel_rows<panels.value, tile::Store::kAdd>(0, end, m, rows, Strided<float>{a, 1, m}, b + j, n,
                                                kPanelColumns, c + j, n);
  });
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {

GRADSPACE_EXPORT(multiply_kernel);
GRADSPACE_EXPORT(multiply_double_kernel);
GRADSPACE_EXPORT(add_kernel);

namespace {

/// Below the diagonal what is above it, by blocks that fit the first-level cache. `n` is a multiple of
/// kPanelColumns.
template <typename T>
void mirror_upper(std::size_t n, T* matrix) {
  for (std::size_t top = 0; top < n; top += kPanelColumns) {
    for (std::size_t left = 0; left <= top; left += kPanelColumns) {
      for (std::size_t i = top; i < top + kPanelColumns; ++i) {
        for (std::size_t j = left; j < std::min(left + kPanelColumns, i); ++j) {
          matrix[i * n + j] = matrix[j * n + i];
        }
      }
    }
  }
}

}  // namespace

template <typename T>
BasicPackedMatrix<T>::BasicPackedMatrix(std::size_t k, std::size_t n, const T* values)
    : rows_(k), columns_(n), values_(make_aligned<T>(k * n)) {
  T* to = values_.get();
  for (std::size_t j = 0; j < n; j += kPanelColumns) {
    for (std::size_t p = 0; p < k; ++p, to += kPanelColumns) {
      std::memcpy(to, values + p * n + j, kPanelColumns * sizeof(T));
    }
  }
}

template class BasicPackedMatrix<float>;
template class BasicPackedMatrix<double>;

void multiply(std::size_t m, const float* a, const PackedMatrix& b, float* c) {
  GRADSPACE_DISPATCH(multiply_kernel)(m, a, b, c, false);
}

void multiply(std::size_t m, const double* a, const BasicPackedMatrix<double>& b, double* c) {
  GRADSPACE_DISPATCH(multiply_double_kernel)(m, a, b, c, false);
}

void multiply_symmetric(const float* a, const PackedMatrix& b, float* c) {
  GRADSPACE_DISPATCH(multiply_kernel)(b.rows(), a, b, c, true);
  mirror_upper(b.rows(), c);
}

void multiply_symmetric(const double* a, const BasicPackedMatrix<double>& b, double* c) {
  GRADSPACE_DISPATCH(multiply_double_kernel)(b.rows(), a, b, c, true);
  mirror_upper(b.rows(), c);
}

ProductSum::ProductSum(std::size_t m, std::size_t n, Half half)
    : m_(m), n_(n), half_(half), partial_(make_aligned<float>(m * n)) {
  std::fill_n(partial_.get(), m * n, 0.0F);
}

void ProductSum::add(std::size_t rows, const float* a, const float* b) {
  GRADSPACE_DISPATCH(add_kernel)(rows, m_, a, n_, b, half_ == Half::kUpper, partial_.get());
  if (++blocks_ == kBlocksInFloat) {
    flush();
  }
}

void ProductSum::add(std::span<const std::optional<ProductSum>> others) {
  constexpr std::size_t kGrain = 4096;
  flush();
  parallel_for_ranges(total_.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (const std::optional<ProductSum>& other : others) {
      for (std::size_t i = begin; i < end; ++i) {
        const double flushed = other->total_.empty() ? 0 : other->total_[i];
        total_[i] = (total_[i] + flushed) + static_cast<double>(other->partial_[i]);
      }
    }
  });
}

void ProductSum::flush() {
  total_.resize(m_ * n_, 0.0);
  for (std::size_t i = 0; i < total_.size(); ++i) {
    total_[i] += static_cast<double>(partial_[i]);
    partial_[i] = 0;
  }
  blocks_ = 0;
}

std::vector<double> ProductSum::mean(std::size_t count) {
  flush();
  std::vector<double> result = std::exchange(total_, {});
  for (double& value : result) {
    value /= static_cast<double>(count);
  }
  if (half_ == Half::kUpper) {
    mirror_upper(m_, result.data());
  }
  return result;
}

}  // namespace gradspace::quality

#endif  // HWY_ONCE
