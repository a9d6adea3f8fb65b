// How a discrete Fourier transform of some length is done: which butterflies, in which order, with which
// factors. Made once a length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace gradspace::simd {

struct ComplexTable {
  std::vector<float> re;
  std::vector<float> im;
};

/// Joins `radix` transforms of `part` points each to one of radix * part points, all along the line.
struct FourierStage {
  std::size_t radix = 0;
  std::size_t part = 0;
  /// exp(-2 pi i q j / (radix * part)) for j < part and 0 < q < radix, at [j * (radix - 1) + q - 1].
  ComplexTable twiddles;
  /// exp(-2 pi i k / radix), k < radix, for the radices that have no butterfly of their own.
  ComplexTable roots;
};

/// Lengths without a prime factor over kLargestRadix are products of butterflies. Any other is Bluestein's
/// convolution (1970) with a chirp, by transforms of a power of two.
struct FourierPlan {
  static constexpr std::size_t kLargestRadix = 13;

  /// `length` is at least 1.
  explicit FourierPlan(std::size_t length);

  std::size_t length = 0;
  /// Which element of the line comes to each place before the first stage. Empty for Bluestein's.
  std::vector<std::uint32_t> order;
  std::vector<FourierStage> stages;

  /// Of Bluestein's method: the transforms of the convolution (null elsewhere), exp(-pi i k^2 / length), and
  /// the spectrum of its conjugate over the convolution's length, divided by that length.
  std::unique_ptr<const FourierPlan> convolution;
  ComplexTable chirp;
  ComplexTable chirp_spectrum;
};

}  // namespace gradspace::simd
