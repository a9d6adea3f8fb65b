// What the challenges measure of the scene before they change it.
#pragma once

#include <array>
#include <cstdint>

#include "gradspace/image.h"

namespace gradspace::challenge {

/// Numbers of pixels by luma (BT.601, rounded down); of a large image, of every n-th row.
class LumaHistogram {
 public:
  explicit LumaHistogram(const Image& image);

  /// The luma that this share of the pixels does not exceed; share within 0 to 1.
  int percentile(double share) const;

 private:
  std::array<std::int64_t, 256> counts_{};
  std::int64_t total_ = 0;
};

/// Linear luminance of the air's light, which haze, distant rain and snow scatter towards the
/// camera: as bright as the scene's brightest parts, but daylight's even when the image is a dark
/// cut out of a daylight frame.
float air_light(const Image& image);

}  // namespace gradspace::challenge
