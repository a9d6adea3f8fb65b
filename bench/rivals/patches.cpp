#include "patches.h"

namespace gradspace::rivals {
namespace {

using gradient::Direction;
using gradient::LayerGeometry;

/// A place in channel `channel`; -1 outside.
std::ptrdiff_t place(const Extent& extent, int channel, int y, int x) {
  if (y < 0 || y >= extent.height || x < 0 || x >= extent.width) {
    return -1;
  }
  return (static_cast<std::ptrdiff_t>(channel) * extent.height + y) * extent.width + x;
}

struct Coordinates {
  int y = 0;
  int x = 0;
};

/// Where output (y, x) reads through tap (ky, kx), which its phase has.
Coordinates source(const LayerGeometry& geometry, Direction direction, Coordinates at,
                   Coordinates tap) {
  const int stride = geometry.stride;
  const int padding = geometry.padding;
  const auto along = [&](int out, int k) {
    if (direction == Direction::kToSmall) {
      return out * stride - padding + k;
    }
    const int shifted = out + padding - k;  // a multiple of the stride
    return shifted < 0 ? -1 : shifted / stride;
  };
  return {along(at.y, tap.y), along(at.x, tap.x)};
}

/// The phase of the outputs whose first tap is `first`; taps are `step` apart, as are outputs.
Phase phase(const LayerGeometry& geometry, Direction direction, Coordinates first, int step) {
  const bool to_small = direction == Direction::kToSmall;
  const Extent& in = to_small ? geometry.large : geometry.small;
  const Extent& out = to_small ? geometry.small : geometry.large;
  const auto belongs = [&](int coordinate, int tap) {
    return to_small || (coordinate + geometry.padding) % step == tap;
  };
  std::vector<Coordinates> positions;
  Phase result;
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      if (belongs(y, first.y) && belongs(x, first.x)) {
        positions.push_back({y, x});
        result.outputs.push_back(static_cast<std::size_t>(place(out, 0, y, x)));
      }
    }
  }
  for (int channel = 0; channel < in.channels; ++channel) {
    for (int ky = first.y; ky < geometry.kernel; ky += step) {
      for (int kx = first.x; kx < geometry.kernel; kx += step) {
        const int pair = to_small ? channel : channel * geometry.large.channels;
        result.weights.push_back(
            static_cast<std::size_t>((pair * geometry.kernel + ky) * geometry.kernel + kx));
        for (const Coordinates& at : positions) {
          const Coordinates from = source(geometry, direction, at, {ky, kx});
          result.sources.push_back(place(in, channel, from.y, from.x));
        }
      }
    }
  }
  result.terms = result.weights.size();
  return result;
}

}  // namespace

std::vector<Phase> phases(const LayerGeometry& geometry, Direction direction) {
  if (direction == Direction::kToSmall) {
    return {phase(geometry, direction, {0, 0}, 1)};
  }
  std::vector<Phase> result;
  for (int y = 0; y < geometry.stride; ++y) {
    for (int x = 0; x < geometry.stride; ++x) {
      result.push_back(phase(geometry, direction, {y, x}, geometry.stride));
    }
  }
  return result;
}

void put_patches(const LayerGeometry& geometry, const float* large, float* patches) {
  for (int y = 0; y < geometry.small.height; ++y) {
    for (int x = 0; x < geometry.small.width; ++x) {
      for (int channel = 0; channel < geometry.large.channels; ++channel) {
        for (std::size_t tap = 0; tap < geometry.taps(); ++tap) {
          const int ky = static_cast<int>(tap) / geometry.kernel;
          const int kx = static_cast<int>(tap) % geometry.kernel;
          const Coordinates at = source(geometry, Direction::kToSmall, {y, x}, {ky, kx});
          const std::ptrdiff_t from = place(geometry.large, channel, at.y, at.x);
          *patches++ = from < 0 ? 0 : large[from];
        }
      }
    }
  }
}

}  // namespace gradspace::rivals
