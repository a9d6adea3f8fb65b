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

/// Where the lanes of byte i of an interleaved image go when channels become planes.
inline std::vector<std::int32_t> byte_places(const Extent& extent, std::size_t lanes) {
  std::vector<std::int32_t> places(extent.size());
  const auto channels = static_cast<std::size_t>(extent.channels);
  const std::size_t plane = extent.size() / channels;
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = static_cast<std::int32_t>((i % channels * plane + i / channels) * lanes);
  }
  return places;
}

/// images [n, size] bytes.
inline void load_images(const Kernels& kernels, const LaneGroup& group, const std::uint8_t* images,
                        std::size_t size, const std::vector<std::int32_t>& places, float* out) {
  std::array<const std::uint8_t*, kMaxLanes> rows{};
  for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
    rows[lane] = images + group.image(lane) * size;
  }
  kernels.load_u8(rows.data(), size, places.data(), out);
}

/// values [n, size].
inline void load_values(const Kernels& kernels, const LaneGroup& group, const float* values,
                        std::size_t size, float* out) {
  std::array<const float*, kMaxLanes> rows{};
  for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
    rows[lane] = values + group.image(lane) * size;
  }
  kernels.load_rows(rows.data(), size, out);
}

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
