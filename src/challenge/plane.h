// Float samples of one channel: what the challenges compute on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace gradspace::challenge {

/// Rows from the top without padding. Move-only: copies of a frame should be seen.
class Plane {
 public:
  /// Not initialised.
  Plane(int width, int height)
      : width_(width),
        height_(height),
        samples_(std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(width) *
                                                         static_cast<std::size_t>(height))) {}
  Plane(int width, int height, float value) : Plane(width, height) {
    std::fill_n(samples_.get(), size(), value);
  }

  int width() const { return width_; }
  int height() const { return height_; }
  std::size_t size() const {
    return static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_);
  }

  std::span<float> samples() { return {samples_.get(), size()}; }
  std::span<const float> samples() const { return {samples_.get(), size()}; }
  float* row(int y) { return samples_.get() + offset(y); }
  const float* row(int y) const { return samples_.get() + offset(y); }

 private:
  std::size_t offset(int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_);
  }

  int width_;
  int height_;
  std::unique_ptr<float[]> samples_;
};

/// A picture: one plane a channel.
using Planes = std::vector<Plane>;

}  // namespace gradspace::challenge
