#include "quality/plane.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace gradspace::quality {

Plane plane_of(const Image& image, int channel) {
  Plane plane(image.width(), image.height());
  const auto channels = static_cast<std::size_t>(image.channels());
  const std::uint8_t* samples = image.pixels().data() + channel;
  for (std::size_t i = 0; i < plane.values.size(); ++i) {
    plane.values[i] = samples[i * channels];
  }
  return plane;
}

Plane halved(const Plane& plane, BeyondOdd beyond) {
  const bool any_odd = plane.width % 2 == 1 || plane.height % 2 == 1;
  const int before = beyond == BeyondOdd::kRepeatFirst && any_odd ? 1 : 0;
  const auto width = static_cast<std::size_t>(plane.width);
  const std::vector<float> zeros(width);
  const auto row_at = [&](int y) {
    const bool is_zero = beyond == BeyondOdd::kZeros && y >= plane.height;
    return is_zero ? zeros.data() : plane.row(std::clamp(y, 0, plane.height - 1));
  };
  Plane half((plane.width + 1) / 2, (plane.height + 1) / 2);
  std::vector<float> sums(static_cast<std::size_t>(before) + width + 1);  // of two rows
  float* const of_pixels = sums.data() + before;
  for (int y = 0; y < half.height; ++y) {
    const float* upper = row_at(2 * y - before);
    const float* lower = row_at(2 * y + 1 - before);
    for (std::size_t x = 0; x < width; ++x) {
      of_pixels[x] = upper[x] + lower[x];
    }
    sums.front() = of_pixels[0];
    sums.back() = beyond == BeyondOdd::kZeros ? 0.0F : of_pixels[width - 1];
    float* row = half.row(y);
    for (std::size_t x = 0; x < static_cast<std::size_t>(half.width); ++x) {
      row[x] = 0.25F * (sums[2 * x] + sums[2 * x + 1]);
    }
  }
  return half;
}

Plane gradient_magnitude(const Plane& plane, EdgeFilter filter) {
  Plane magnitude(plane.width, plane.height);
  const auto width = static_cast<std::size_t>(plane.width);
  std::array<std::vector<float>, 3> rows;  // of the plane, with a zero at either end
  rows.fill(std::vector<float>(width + 2));
  const auto fill = [&](int y) {
    std::vector<float>& row = rows[static_cast<std::size_t>(y + 3) % rows.size()];
    if (y < plane.height) {
      std::copy_n(plane.row(y), width, row.begin() + 1);
    } else {
      std::fill(row.begin(), row.end(), 0.0F);
    }
  };
  fill(0);
  for (int y = 0; y < plane.height; ++y) {
    fill(y + 1);
    const float* above = rows[static_cast<std::size_t>(y + 2) % rows.size()].data();
    const float* here = rows[static_cast<std::size_t>(y + 3) % rows.size()].data();
    const float* below = rows[static_cast<std::size_t>(y + 4) % rows.size()].data();
    float* out = magnitude.row(y);
    for (std::size_t x = 0; x < width; ++x) {
      const float right = filter.beside * (above[x + 2] - above[x] + (below[x + 2] - below[x])) +
                          filter.middle * (here[x + 2] - here[x]);
      const float down = filter.beside * (below[x] - above[x] + (below[x + 2] - above[x + 2])) +
                         filter.middle * (below[x + 1] - above[x + 1]);
      out[x] = std::sqrt(right * right + down * down);
    }
  }
  return magnitude;
}

std::vector<double> gaussian_window(int taps, double sigma) {
  std::vector<double> weights;
  for (int i = 0; i < taps; ++i) {
    const double x = i - (taps - 1) / 2.0;
    weights.push_back(std::exp(-x * x / (2 * sigma * sigma)));
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) {
    weight /= sum;
  }
  return weights;
}

std::vector<float> gaussian_weights(int taps, double sigma) {
  std::vector<float> weights;
  for (const double weight : gaussian_window(taps, sigma)) {
    weights.push_back(static_cast<float>(weight));
  }
  return weights;
}

}  // namespace gradspace::quality
