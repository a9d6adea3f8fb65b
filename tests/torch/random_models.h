// Random autoencoders whose shapes chain, for property tests.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "gradspace/model.h"

namespace gradspace::testing {

/// One Conv2d, and the ConvTranspose2d that undoes its change of size.
struct ConvPair {
  ConvSpec down;
  ConvSpec up;
};

inline int draw(Random& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

/// Shrinks `extent`. The two sides must leave the same remainder, which becomes output padding:
/// tries until they do (stride 1 always does).
inline ConvPair draw_pair(Random& random, Extent& extent) {
  while (true) {
    ConvSpec down;
    down.kernel = draw(random, 1, 5);
    down.stride = draw(random, 1, 3);
    down.padding = draw(random, 0, (down.kernel - 1) / 2 + (down.kernel > 2 ? 1 : 0));
    down.out_channels = draw(random, 1, 6);
    const int height = extent.height + 2 * down.padding - down.kernel;
    const int width = extent.width + 2 * down.padding - down.kernel;
    if (height < 0 || width < 0 || height % down.stride != width % down.stride) {
      continue;
    }
    ConvSpec up = down;
    up.output_padding = height % down.stride;
    if (random.chance(0.3)) {  // another kernel that gives the same size
      up.kernel += 2;
      up.padding += 1;
    }
    extent = {down.out_channels, height / down.stride + 1, width / down.stride + 1};
    return {down, up};
  }
}

inline AutoencoderSpec random_spec(Random& random) {
  AutoencoderSpec spec;
  spec.input = {random.chance(0.5) ? 3 : 1, draw(random, 3, 20), draw(random, 3, 20)};
  spec.latent = random.chance(0.2) ? 0 : draw(random, 1, 12);
  spec.down.clear();
  spec.up.clear();
  Extent extent = spec.input;
  for (int depth = draw(random, 1, 3); depth > 0; --depth) {
    const ConvPair pair = draw_pair(random, extent);
    spec.down.push_back(pair.down);
    spec.up.insert(spec.up.begin(), pair.up);
    spec.up.front().out_channels = draw(random, 1, 6);
  }
  spec.up.back().out_channels = spec.input.channels;
  return spec;
}

inline std::vector<std::uint8_t> random_bytes(Random& random, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(random.below(256));
  }
  return bytes;
}

}  // namespace gradspace::testing
