// Weighted moments of two planes over a window that moves through them: what structural similarity and visual
// information fidelity are made of.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "quality/plane.h"

namespace gradspace::quality {

/// Window sums of a row of places: of both planes, of their squares and of their products.
struct MomentRow {
  explicit MomentRow(std::size_t size) : a(size), b(size), aa(size), bb(size), ab(size) {}

  float variance_a(std::size_t x) const { return aa[x] - a[x] * a[x]; }
  float variance_b(std::size_t x) const { return bb[x] - b[x] * b[x]; }
  float covariance(std::size_t x) const { return ab[x] - a[x] * b[x]; }

  std::vector<float> a, b, aa, bb, ab;
};

/// The rows of two planes of one size, and from them, row by row, the moments at all places where the window
/// lies within the planes. `offset_a` and `offset_b` are taken off the values first: variances keep more of
/// their digits where values are small. The planes are at least as large as the window.
class WindowMoments {
 public:
  /// The window is the product of `weights` with themselves.
  WindowMoments(const Plane& a, const Plane& b, std::span<const float> weights, float offset_a,
                float offset_b);

  int rows() const { return a_.height - static_cast<int>(weights_.size()) + 1; }
  std::size_t columns() const { return columns_; }

  /// The next row of places, at most rows() times.
  const MomentRow& next();

 private:
  void read_row();

  const Plane& a_;
  const Plane& b_;
  std::span<const float> weights_;
  float offset_a_;
  float offset_b_;
  std::size_t columns_;
  MomentRow input_;
  std::vector<MomentRow>
      filtered_;  ///< the last rows, filtered along; row y at y modulo their number
  MomentRow result_;
  int read_ = 0;
};

/// Both filters of a window on a plane, at every second place of every second row where it lies within.
Plane filtered_and_halved(const Plane& plane, std::span<const float> weights);

}  // namespace gradspace::quality
