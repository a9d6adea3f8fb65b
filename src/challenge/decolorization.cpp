// 01 decolorization: colours fade to grey, as when a camera loses its colour information.
//
// Every pixel moves on a straight line, in stored samples, towards the grey of its own luminance
// (ITU-R BT.709 weights in linear light, IEC 61966-2-1 encoded), so that brightness stays. A grey
// image has no colour to lose and is left as it is.
#include <cmath>

#include "challenge/light.h"
#include "challenge/types.h"

namespace gradspace::challenge {
namespace {

/// Share of the way to grey.
constexpr ByLevel<float> kFade = {0.25F, 0.45F, 0.64F, 0.82F, 1.0F};

}  // namespace

Image decolorization(const Request& request) {
  Image image = request.image;
  if (image.channels() == 1) {
    return image;
  }
  const float fade = at_level(kFade, request);
  const std::array<float, 256>& linear = linear_table();
  const SrgbEncoder& encoder = srgb_encoder();
  const auto pixels = image.pixels();
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    std::uint8_t* rgb = pixels.data() + i;
    const float grey =
        encoder(kLuminanceWeights[0] * linear[rgb[0]] + kLuminanceWeights[1] * linear[rgb[1]] +
                kLuminanceWeights[2] * linear[rgb[2]]);
    for (std::size_t c = 0; c < 3; ++c) {
      const auto sample = static_cast<float>(rgb[c]);
      rgb[c] = to_sample(sample + fade * (grey - sample));
    }
  }
  return image;
}

}  // namespace gradspace::challenge
