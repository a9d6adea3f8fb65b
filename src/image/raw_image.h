// Images as raw samples: what the public functions, the encoders and the fixed-size reader share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradspace/image.h"

namespace gradspace {

/// The number of samples. Throws InvalidArgument for a size that Image does not take.
std::size_t checked_sample_count(int width, int height, int channels);

inline bool is_bgr(const ImageView& image) {
  return image.channels() == 3 && image.order() == ChannelOrder::kBgr;
}

/// The row `y` of a view with its channels, colour in the order R, G, B.
void copy_rgb_row(const ImageView& image, int y, std::uint8_t* out);

/// What resizing needs on the way. It lives on in whoever resizes many images.
struct ResizeBuffers {
  std::vector<std::uint8_t> row;
  std::vector<std::uint8_t> between;  ///< the image between the two passes
};

/// Resizes to `width` x `height` pixels of `channels` (grey, or R, G, B) samples: `out` has exactly the
/// room for them. All sides are at least 1. Throws InvalidArgument when the image between the passes
/// would be absurdly large.
void resize_samples(const ImageView& in, int width, int height, int channels,
                    ResizeBuffers& buffers, std::uint8_t* out);

}  // namespace gradspace
