// Images as raw samples: what the public functions, the encoders and the fixed-size reader share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gradspace/image.h"

namespace gradspace {

class RowResizer;

/// The number of samples. Throws InvalidArgument for a size that Image does not take.
std::size_t checked_sample_count(int width, int height, int channels);

inline bool is_bgr(const ImageView& image) {
  return image.channels() == 3 && image.order() == ChannelOrder::kBgr;
}

/// The row `y` of a view with its channels, colour in the order R, G, B.
void copy_rgb_row(const ImageView& image, int y, std::uint8_t* out);

/// Resizes to `width` x `height` pixels of `channels` (grey, or R, G, B) samples: `out` has exactly the
/// room for them. Throws as `RowResizer::begin` does.
void resize_view(const ImageView& in, int width, int height, int channels, RowResizer& resizer,
                 std::uint8_t* out);

}  // namespace gradspace
