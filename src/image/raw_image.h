// Images as raw samples: what the public functions and the fixed-size reader share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradspace {

/// The number of samples. Throws InvalidArgument for a size that Image does not take.
std::size_t checked_sample_count(int width, int height, int channels);

/// Samples of `width` x `height` pixels of `channels` to `out_width` x `out_height`; `out` has exactly
/// the room for them. All sides are at least 1. Throws InvalidArgument when the image between the
/// passes would be absurdly large.
void resize_samples(const std::uint8_t* in, int width, int height, int channels, int out_width,
                    int out_height, std::uint8_t* out);

}  // namespace gradspace
