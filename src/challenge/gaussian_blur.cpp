// 07 Gaussian blur: the soft blur of a poor lens, motion in all directions or heavy denoising.
//
// Convolution with a Gaussian point spread function in linear light.
#include "challenge/blur.h"
#include "challenge/light.h"
#include "challenge/sensor.h"
#include "challenge/types.h"

namespace gradspace::challenge {
namespace {

/// Standard deviation over the shorter side.
constexpr ByLevel<float> kSigma = {0.011F, 0.0185F, 0.0285F, 0.042F, 0.060F};

}  // namespace

Image gaussian_blur(const Request& request) {
  const Sensor sensor(request);
  Planes planes = to_linear(request.image);
  const float kept = gaussian(planes, at_level(kSigma, request) * side_px(request.image));
  return sensor.develop(planes, kept);
}

}  // namespace gradspace::challenge
