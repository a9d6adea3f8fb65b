// 02 lens blur: defocus.
//
// The image of a point out of focus is the aperture's, a disc of even brightness (the circle of
// confusion of geometric optics; M. Potmesil and I. Chakravarty, "A Lens and Aperture Camera Model
// for Synthetic Image Generation", SIGGRAPH 1981), in linear light, so that bright spots grow to
// bright discs. Not a Gaussian: edges stay doubled rather than soft.
#include <algorithm>

#include "challenge/blur.h"
#include "challenge/light.h"
#include "challenge/sensor.h"
#include "challenge/types.h"

namespace gradspace::challenge {
namespace {

/// Radius of the disc over the shorter side, and in pixels: twice the standard deviation of a Gaussian blur of
/// that level, and therefore about as blurred.
constexpr ByLevel<float> kRadius = {0.018F, 0.031F, 0.048F, 0.070F, 0.100F};
constexpr ByLevel<float> kRadiusPx = {1.0F, 1.6F, 2.8F, 4.8F, 8.0F};
/// Small pictures: at least so many pixels, as less would not be seen.
constexpr ByLevel<float> kLeastRadius = {0.65F, 0.8F, 0.95F, 1.15F, 1.4F};

float radius_px(const Request& request) {
  if (request.in_pixels()) {
    return at_level(kRadiusPx, request);
  }
  return std::max(at_level(kLeastRadius, request), at_level(kRadius, request) * side_px(request));
}

}  // namespace

Image lens_blur(const Request& request) {
  const Sensor sensor(request);
  Planes planes = to_linear(request.image);
  const float kept = disc(planes, radius_px(request));
  return sensor.develop(planes, kept);
}

}  // namespace gradspace::challenge
