// Which images of a batch lie in the lanes, and the ways in and out.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradient/kernels.h"

namespace gradspace::gradient {

/// Images of a batch from `first` on, one a lane. A last group that is not full repeats its last
/// image in the lanes left over, on the way in and, with the same results, on the way out.
struct LaneGroup {
  std::size_t first = 0;
  std::size_t count = 0;

  std::size_t image(std::size_t lane) const { return first + std::min(lane, count - 1); }

  double sum(const std::array<double, kMaxLanes>& lanes) const {
    double sum = 0;
    for (std::size_t lane = 0; lane < count; ++lane) {
      sum += lanes[lane];
    }
    return sum;
  }
};

/// values [n, size].
inline void load_values(const Kernels& kernels, const LaneGroup& group, const float* values,
                        std::size_t size, float* out) {
  std::array<const float*, kMaxLanes> rows{};
  for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
    rows[lane] = values + group.image(lane) * size;
  }
  kernels.load_rows(rows.data(), size, out);
}

/// Puts images into lanes, whole or row by row.
class ImageLoader {
 public:
  /// `kernels` must outlive it.
  ImageLoader(const Kernels& kernels, const Extent& extent)
      : kernels_(&kernels), extent_(extent), places_(extent.size()) {
    const auto channels = static_cast<std::size_t>(extent.channels);
    for (std::size_t i = 0; i < places_.size(); ++i) {
      places_[i] =
          static_cast<std::int32_t>((i % channels * plane() + i / channels) * kernels.lanes);
    }
  }

  /// Rows [begin, end) of images [n, height, width, channels] of bytes, which become 0 to 1, into `out`,
  /// where whole images have room.
  void load(const LaneGroup& group, const std::uint8_t* images, int begin, int end,
            float* out) const {
    const std::size_t row = width() * static_cast<std::size_t>(extent_.channels);
    const std::size_t first = static_cast<std::size_t>(begin) * row;
    std::array<const std::uint8_t*, kMaxLanes> rows{};
    for (std::size_t lane = 0; lane < kernels_->lanes; ++lane) {
      rows[lane] = images + group.image(lane) * extent_.size() + first;
    }
    kernels_->load_u8(rows.data(), static_cast<std::size_t>(end - begin) * row,
                      places_.data() + first, out);
  }
  /// The same of images [n, channels, height, width] of numbers.
  void load(const LaneGroup& group, const float* images, int begin, int end, float* out) const {
    for (std::size_t channel = 0; channel < static_cast<std::size_t>(extent_.channels); ++channel) {
      const std::size_t first = channel * plane() + static_cast<std::size_t>(begin) * width();
      std::array<const float*, kMaxLanes> rows{};
      for (std::size_t lane = 0; lane < kernels_->lanes; ++lane) {
        rows[lane] = images + group.image(lane) * extent_.size() + first;
      }
      kernels_->load_rows(rows.data(), static_cast<std::size_t>(end - begin) * width(),
                          out + first * kernels_->lanes);
    }
  }
  template <class Value>
  void load(const LaneGroup& group, const Value* images, float* out) const {
    load(group, images, 0, extent_.height, out);
  }

 private:
  std::size_t width() const { return static_cast<std::size_t>(extent_.width); }
  std::size_t plane() const { return width() * static_cast<std::size_t>(extent_.height); }

  const Kernels* kernels_;
  Extent extent_;
  /// Where the lanes of byte i of an interleaved image go when channels become planes.
  std::vector<std::int32_t> places_;
};

/// Into rows `width` apart, from `out` on.
inline void store_values(const Kernels& kernels, const LaneGroup& group, const float* in,
                         std::size_t size, float* out, std::size_t width) {
  std::array<float*, kMaxLanes> rows{};
  for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
    rows[lane] = out + group.image(lane) * width;
  }
  kernels.store_rows(in, size, rows.data());
}

}  // namespace gradspace::gradient
