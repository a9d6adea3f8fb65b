// One channel of a picture in float32, and the filters that several metrics share.
#pragma once

#include <cstddef>
#include <vector>

#include "gradspace/image.h"

namespace gradspace::quality {

/// Rows one below the other, nothing between them.
struct Plane {
  Plane() = default;
  Plane(int plane_width, int plane_height)
      : width(plane_width),
        height(plane_height),
        values(static_cast<std::size_t>(plane_width) * static_cast<std::size_t>(plane_height)) {}

  float* row(int y) {
    return values.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
  const float* row(int y) const {
    return values.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }

  int width = 0;
  int height = 0;
  std::vector<float> values;
};

/// Channel `channel` of an image.
Plane plane_of(const Image& image, int channel);

/// What lies beyond a side that is odd, when a plane is halved.
enum class BeyondOdd {
  kZeros,        ///< after the last pixel: MATLAB's conv2
  kRepeatLast,   ///< the last pixel again: MATLAB's imfilter(..., 'symmetric')
  kRepeatFirst,  ///< the first pixel again, before the first of both axes where either is odd
};

/// Means of blocks of 2x2.
Plane halved(const Plane& plane, BeyondOdd beyond);

/// A 3x3 filter for edges by its outer column and, turned, its outer row: beside, middle, beside.
struct EdgeFilter {
  float beside = 0;
  float middle = 0;
};
inline constexpr EdgeFilter kPrewitt{1.0F / 3, 1.0F / 3};
inline constexpr EdgeFilter kScharr{3.0F / 16, 10.0F / 16};

/// The length of the gradient that the filter sees; zeros lie around the plane.
Plane gradient_magnitude(const Plane& plane, EdgeFilter filter);

/// Gaussian of `taps` weights whose sum is 1.
std::vector<double> gaussian_window(int taps, double sigma);
/// The same in float32.
std::vector<float> gaussian_weights(int taps, double sigma);

/// (2 a b + c) / (a^2 + b^2 + c), which is exactly 1 where a = b.
inline float similarity(float a, float b, float constant) {
  return (2 * (a * b) + constant) / (a * a + b * b + constant);
}

/// The sum of term(0) to term(size - 1) in float64, by eight sums side by side: fast, and the same whatever the
/// processor.
template <typename Term>
double sum_of(std::size_t size, const Term& term) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) {
      sums[k] += term(i + k);
    }
  }
  double total = 0;
  for (; i < size; ++i) {
    total += term(i);
  }
  for (const double sum : sums) {
    total += sum;
  }
  return total;
}

}  // namespace gradspace::quality
