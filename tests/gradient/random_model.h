// Models of random shapes, small enough for straight loops.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/random.h"
#include "gradspace/model.h"

namespace gradspace::testing {

inline int draw(Random& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

/// Few channels as a rule, now and then more than a block of the kernels holds.
inline int draw_channels(Random& random) {
  return random.chance(0.15) ? draw(random, 12, 27) : draw(random, 1, 7);
}

/// A transposed convolution that takes `from` to `to` along both axes.
inline ConvSpec draw_up(Random& random, const Extent& from, const Extent& to,
                        const ConvSpec& mirrored) {
  const auto length = [](int in, const ConvSpec& conv) {
    return (in - 1) * conv.stride - 2 * conv.padding + conv.kernel + conv.output_padding;
  };
  for (int attempt = 0; attempt < 200; ++attempt) {
    ConvSpec conv;
    conv.kernel = draw(random, 1, 6);
    conv.stride = draw(random, 1, 3);
    conv.padding = draw(random, 0, conv.kernel - 1);
    conv.output_padding = draw(random, 0, conv.stride - 1);
    if (length(from.height, conv) == to.height && length(from.width, conv) == to.width) {
      return conv;
    }
  }
  // Undoes the convolution: its output length was rounded down by this much.
  ConvSpec conv = mirrored;
  conv.output_padding = (to.height + 2 * conv.padding - conv.kernel) % conv.stride;
  return conv;
}

inline AutoencoderSpec draw_spec(Random& random) {
  AutoencoderSpec spec;
  spec.down.clear();
  spec.up.clear();
  // Now and then too large for the first cache: the engine takes such in bands of rows.
  const bool large = random.chance(0.06);
  const int least = large ? 22 : 1;
  const int most = large ? 34 : 11;
  const int side = draw(random, least, most);
  spec.input = {draw(random, 1, 4), side, random.chance(0.5) ? side : draw(random, least, most)};
  std::vector<Extent> extents{spec.input};
  const int depth = draw(random, 1, 3);
  while (static_cast<int>(spec.down.size()) < depth) {
    const Extent& in = extents.back();
    ConvSpec conv{draw_channels(random), draw(random, 1, 5), draw(random, 1, 3), 0, 0};
    conv.padding = draw(random, 0, conv.kernel - 1);
    const int height = in.height + 2 * conv.padding - conv.kernel;
    const int width = in.width + 2 * conv.padding - conv.kernel;
    if (height < 0 || width < 0 || height % conv.stride != width % conv.stride) {
      continue;
    }
    spec.down.push_back(conv);
    extents.push_back({conv.out_channels, height / conv.stride + 1, width / conv.stride + 1});
  }
  for (std::size_t i = spec.down.size(); i-- > 0;) {
    ConvSpec conv = draw_up(random, extents[i + 1], extents[i], spec.down[i]);
    conv.out_channels = i == 0 ? spec.input.channels : draw_channels(random);
    spec.up.push_back(conv);
  }
  spec.latent = random.chance(0.25) ? 0 : draw_channels(random);
  return spec;
}

inline std::vector<std::uint8_t> draw_images(Random& random, std::size_t bytes) {
  std::vector<std::uint8_t> images(bytes);
  for (std::uint8_t& byte : images) {
    byte = static_cast<std::uint8_t>(random.below(256));
  }
  return images;
}

}  // namespace gradspace::testing
