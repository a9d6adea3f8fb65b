// The kernel of all products of matrices: a few rows and vectors of the result, whose sums stay in
// registers while the terms run by. Included once for every instruction set.
#if defined(GRADSPACE_SIMD_PRODUCT_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_SIMD_PRODUCT_TILE_INL_H
#undef GRADSPACE_SIMD_PRODUCT_TILE_INL_H
#else
#define GRADSPACE_SIMD_PRODUCT_TILE_INL_H
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "simd/matrix_product.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// What a product does to the values that lie where it is stored.
enum class Store { kReplace, kAdd };

template <Rounding kRounding, typename V>
HWY_INLINE V add_product(V left, V right, V sum) {
  if constexpr (kRounding == Rounding::kFused) {
    return hn::MulAdd(left, right, sum);
  } else {
    return hn::Add(sum, hn::Mul(left, right));
  }
}

/// c = a b, or c += a b, for `Rows` rows and `Vectors` vectors of columns. Each of c's values is a sum
/// over the `k` terms in their order, whatever the tile that it lies in. Rows of b and of c are `b_step`
/// and `c_step` apart, the vectors of a row of b `vector_step`.
template <std::size_t Rows, std::size_t Vectors, Rounding kRounding, Store kStore, typename D,
          typename T = hn::TFromD<D>>
HWY_INLINE void product_tile(D d, std::size_t k, const Strided<T>& a, const T* HWY_RESTRICT b,
                             std::size_t b_step, T* HWY_RESTRICT c, std::size_t c_step,
                             std::size_t vector_step = hn::Lanes(D())) {
  using Vector = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  Vector sums[Rows][Vectors];
  for (auto& row : sums) {
    for (Vector& sum : row) {
      sum = hn::Zero(d);
    }
  }
  for (std::size_t p = 0; p < k; ++p) {
    Vector right[Vectors];
    for (std::size_t v = 0; v < Vectors; ++v) {
      right[v] = hn::LoadU(d, b + p * b_step + v * vector_step);
    }
    for (std::size_t r = 0; r < Rows; ++r) {
      const Vector left = hn::Set(d, a.at(r, p));
      for (std::size_t v = 0; v < Vectors; ++v) {
        sums[r][v] = add_product<kRounding>(left, right[v], sums[r][v]);
      }
    }
  }
  for (std::size_t r = 0; r < Rows; ++r) {
    for (std::size_t v = 0; v < Vectors; ++v) {
      T* target = c + r * c_step + v * lanes;
      if constexpr (kStore == Store::kAdd) {
        sums[r][v] = hn::Add(hn::LoadU(d, target), sums[r][v]);
      }
      hn::StoreU(sums[r][v], d, target);
    }
  }
}

}  // namespace gradspace::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_SIMD_PRODUCT_TILE_INL_H
