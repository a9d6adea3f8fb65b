#include "simd/products.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/products.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gradspace::quality::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
using Tag = hn::CappedTag<T, kPanelColumns>;
template <typename T>
constexpr std::size_t kLanes = hn::MaxLanes(Tag<T>());
template <typename T>
constexpr std::size_t kVectors = kPanelColumns / kLanes<T>;
/// Twelve sums in registers, whatever their width.
template <typename T>
constexpr std::size_t kTileRows = std::max<std::size_t>(12 / kVectors<T>, 1);

/// A left-hand matrix: row by row, or a transposed one, whose columns lie one after the other.
enum class Left { kPlain, kTransposed };

/// `Rows` rows of one panel: c = a b, or c += a b. `k` terms; rows of b are `b_step` apart.
template <std::size_t Rows, Left kLeft, typename T>
HWY_INLINE void product_tile(std::size_t k, const T* HWY_RESTRICT a, std::size_t a_step,
                             const T* HWY_RESTRICT b, std::size_t b_step, T* HWY_RESTRICT c,
                             std::size_t c_step, bool accumulate) {
  const Tag<T> d;
  using Vector = hn::Vec<Tag<T>>;
  Vector sums[Rows][kVectors<T>];
  for (auto& row : sums) {
    for (Vector& sum : row) {
      sum = hn::Zero(d);
    }
  }
  for (std::size_t p = 0; p < k; ++p) {
    Vector right[kVectors<T>];
    for (std::size_t v = 0; v < kVectors<T>; ++v) {
      right[v] = hn::LoadU(d, b + p * b_step + v * kLanes<T>);
    }
    for (std::size_t r = 0; r < Rows; ++r) {
      const Vector left = hn::Set(d, kLeft == Left::kPlain ? a[r * a_step + p] : a[p * a_step + r]);
      for (std::size_t v = 0; v < kVectors<T>; ++v) {
        sums[r][v] = hn::MulAdd(left, right[v], sums[r][v]);
      }
    }
  }
  for (std::size_t r = 0; r < Rows; ++r) {
    for (std::size_t v = 0; v < kVectors<T>; ++v) {
      T* target = c + r * c_step + v * kLanes<T>;
      const Vector before = accumulate ? hn::LoadU(d, target) : hn::Zero(d);
      hn::StoreU(hn::Add(before, sums[r][v]), d, target);
    }
  }
}

template <typename T>
void multiply_tiles(std::size_t m, const T* a, const BasicPackedMatrix<T>& b, T* c) {
  const std::size_t k = b.rows();
  const std::size_t n = b.columns();
  for (std::size_t begin = 0; begin < m; begin += kBlockRows) {
    const std::size_t end = std::min(begin + kBlockRows, m);
    for (std::size_t j = 0; j < n; j += kPanelColumns) {
      const T* panel = b.panel(j);
      std::size_t i = begin;
      for (; i + kTileRows<T> <= end; i += kTileRows<T>) {
        product_tile<kTileRows<T>, Left::kPlain>(k, a + i * k, k, panel, kPanelColumns,
                                                 c + i * n + j, n, false);
      }
      for (; i < end; ++i) {
        product_tile<1, Left::kPlain>(k, a + i * k, k, panel, kPanelColumns, c + i * n + j, n,
                                      false);
      }
    }
  }
}

void multiply_kernel(std::size_t m, const float* a, const PackedMatrix& b, float* c) {
  multiply_tiles(m, a, b, c);
}

void multiply_double_kernel(std::size_t m, const double* a, const BasicPackedMatrix<double>& b,
                            double* c) {
  multiply_tiles(m, a, b, c);
}

/// The tiles on and above the diagonal of a symmetric product (below it, what they reach over).
template <typename T>
void multiply_symmetric_tiles(const T* a, const BasicPackedMatrix<T>& b, T* c) {
  const std::size_t k = b.rows();
  for (std::size_t j = 0; j < k; j += kPanelColumns) {
    const T* panel = b.panel(j);
    std::size_t i = 0;
    for (; i < j + kPanelColumns && i + kTileRows<T> <= k; i += kTileRows<T>) {
      product_tile<kTileRows<T>, Left::kPlain>(k, a + i * k, k, panel, kPanelColumns, c + i * k + j,
                                               k, false);
    }
    for (; i < j + kPanelColumns; ++i) {
      product_tile<1, Left::kPlain>(k, a + i * k, k, panel, kPanelColumns, c + i * k + j, k, false);
    }
  }
}

void multiply_symmetric_kernel(const float* a, const PackedMatrix& b, float* c) {
  multiply_symmetric_tiles(a, b, c);
}

void multiply_symmetric_double_kernel(const double* a, const BasicPackedMatrix<double>& b,
                                      double* c) {
  multiply_symmetric_tiles(a, b, c);
}

void add_kernel(std::size_t rows, std::size_t m, const float* a, std::size_t n, const float* b,
                bool upper, float* c) {
  for (std::size_t j = 0; j < n; j += kPanelColumns) {
    const std::size_t end = upper ? std::min(j + kPanelColumns, m) : m;
    std::size_t i = 0;
    for (; i < end && i + kTileRows<float> <= m; i += kTileRows<float>) {
      product_tile<kTileRows<float>, Left::kTransposed>(rows, a + i, m, b + j, n, c + i * n + j, n,
                                                        true);
    }
    for (; i < end; ++i) {
      product_tile<1, Left::kTransposed>(rows, a + i, m, b + j, n, c + i * n + j, n, true);
    }
  }
}

}  // namespace
}  // namespace gradspace::quality::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gradspace::quality {

HWY_EXPORT(multiply_kernel);
HWY_EXPORT(multiply_double_kernel);
HWY_EXPORT(multiply_symmetric_kernel);
HWY_EXPORT(multiply_symmetric_double_kernel);
HWY_EXPORT(add_kernel);

namespace {

/// Blocks whose sums are added in float32 before they go into the float64 total.
constexpr std::size_t kBlocksInFloat = 32;

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
    : rows_(k), columns_(n), values_(hwy::AllocateAligned<T>(k * n)) {
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
  HWY_DYNAMIC_DISPATCH(multiply_kernel)(m, a, b, c);
}

void multiply(std::size_t m, const double* a, const BasicPackedMatrix<double>& b, double* c) {
  HWY_DYNAMIC_DISPATCH(multiply_double_kernel)(m, a, b, c);
}

void multiply_symmetric(const float* a, const PackedMatrix& b, float* c) {
  HWY_DYNAMIC_DISPATCH(multiply_symmetric_kernel)(a, b, c);
  mirror_upper(b.rows(), c);
}

void multiply_symmetric(const double* a, const BasicPackedMatrix<double>& b, double* c) {
  HWY_DYNAMIC_DISPATCH(multiply_symmetric_double_kernel)(a, b, c);
  mirror_upper(b.rows(), c);
}

ProductSum::ProductSum(std::size_t m, std::size_t n, Half half)
    : m_(m), n_(n), half_(half), partial_(hwy::AllocateAligned<float>(m * n)), total_(m * n, 0.0) {
  std::fill_n(partial_.get(), m * n, 0.0F);
}

void ProductSum::add(std::size_t rows, const float* a, const float* b) {
  HWY_DYNAMIC_DISPATCH(add_kernel)(rows, m_, a, n_, b, half_ == Half::kUpper, partial_.get());
  if (++blocks_ == kBlocksInFloat) {
    flush();
  }
}

void ProductSum::flush() {
  for (std::size_t i = 0; i < total_.size(); ++i) {
    total_[i] += static_cast<double>(partial_[i]);
    partial_[i] = 0;
  }
  blocks_ = 0;
}

std::vector<double> ProductSum::mean(std::size_t count) {
  flush();
  std::vector<double> result = total_;
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
