// Networks to measure beside the default one.
#pragma once

#include "gradspace/model.h"

namespace gradspace {

/// GradCon's size: 1-32-32-64-64 channels, no bottleneck.
inline AutoencoderSpec gradcon_spec(int channels) {
  AutoencoderSpec spec;
  spec.input = {channels, 28, 28};
  spec.down = {{32, 4, 2, 1}, {32, 4, 2, 1}, {64, 4, 2, 1}, {64, 4, 2, 1}};
  spec.latent = 0;
  spec.up = {{64, 4, 2, 1, 1}, {32, 4, 2, 1, 1}, {32, 4, 2, 1, 0}, {channels, 4, 2, 1, 0}};
  return spec;
}

}  // namespace gradspace
