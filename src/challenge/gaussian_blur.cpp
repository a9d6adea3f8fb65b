// 07 Gaussian blur: the soft blur of a poor lens, motion in all directions or heavy denoising.
//
// Convolution with a Gaussian point spread function in linear light.
#include <algorithm>

#include "challenge/blur.h"
#include "challenge/light.h"
#include "challenge/sensor.h"
#include "challenge/types.h"

namespace gradspace::challenge {
namespace {

/// Standard deviation over the shorter side, and in pixels.
constexpr ByLevel<float> kSigma = {0.011F, 0.0185F, 0.0285F, 0.042F, 0.060F};
constexpr ByLevel<float> kSigmaPx = {0.5F, 0.8F, 1.4F, 2.4F, 4.0F};
/// Small pictures: at least so many pixels, as less would not be seen.
constexpr ByLevel<float> kLeastSigma = {0.42F, 0.52F, 0.62F, 0.75F, 0.9F};

float sigma_px(const Request& request) {
  if (request.in_pixels()) {
    return at_level(kSigmaPx, request);
  }
  return std::max(at_level(kLeastSigma, request), at_level(kSigma, request) * side_px(request));
}

}  // namespace

Image gaussian_blur(const Request& request) {
  const Sensor sensor(request);
  Planes planes = to_linear(request.image);
  const float kept = gaussian(planes, sigma_px(request));
  return sensor.develop(planes, kept);
}

}  // namespace gradspace::challenge
