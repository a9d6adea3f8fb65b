// Discrete Fourier transforms of planes in float32, of any size, with the widest vectors the processor has.
// Results do not depend on the processor but for the last digits; relative to the largest coefficient
// the error is below 1e-6 (tests/simd/fourier_test.cpp).
#pragma once

#include <cstddef>

#include "core/aligned_array.h"
#include "simd/fourier_plan.h"

namespace gradspace::simd {

/// Columns that are transformed side by side.
inline constexpr std::size_t kFourierLanes = 16;

/// Complex numbers in rows. Element (y, x) is at [y * stride + x] of both parts. Zeros at first; what lies
/// between the last column and the stride, or below the last row, has no meaning.
class ComplexPlane {
 public:
  ComplexPlane(std::size_t rows, std::size_t columns);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::size_t stride() const { return stride_; }
  float* re() { return re_.get(); }
  float* im() { return im_.get(); }
  const float* re() const { return re_.get(); }
  const float* im() const { return im_.get(); }

  /// Floats from a row to the next, for planes beside this one.
  static std::size_t stride_for(std::size_t columns);

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::size_t stride_;
  AlignedArray<float> re_;
  AlignedArray<float> im_;
};

/// Transforms between planes of rows x columns and their spectra, which lie transposed: coefficient (v, u) of
/// frequencies v / rows and u / columns is at row u, column v of a plane of columns x rows. Thread-safe.
class PlaneFourier {
 public:
  PlaneFourier(std::size_t rows, std::size_t columns) : of_columns_(rows), of_rows_(columns) {}

  std::size_t rows() const { return of_columns_.length; }
  std::size_t columns() const { return of_rows_.length; }

  ComplexPlane make_plane() const { return {rows(), columns()}; }
  ComplexPlane make_spectrum() const { return {columns(), rows()}; }

  /// sum over y, x of plane(y, x) exp(-2 pi i (v y / rows + u x / columns)).
  void forward(const ComplexPlane& plane, ComplexPlane& spectrum) const;

  /// The inverse, divided by rows * columns, of the spectrum times a real `filter`, which lies as the
  /// spectrum does, with its stride.
  void inverse(const ComplexPlane& spectrum, const float* filter, ComplexPlane& plane) const;

 private:
  FourierPlan of_columns_;  ///< along the columns, which have as many elements as there are rows
  FourierPlan of_rows_;
};

}  // namespace gradspace::simd
