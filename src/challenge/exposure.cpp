// 06 exposure: overexposure that burns out the highlights.
//
// More light by so many stops, then the sensor's saturation with a short shoulder: linear light
// over 0.8 approaches 1 exponentially (each channel by itself, so that burning colours turn white).
// Exposure is relative to the picture's own blacks: its darkest twentieth stays under the shoulder,
// so that a bright picture does not become one white area.
#include <algorithm>
#include <cmath>

#include "challenge/light.h"
#include "challenge/scene.h"
#include "challenge/sensor.h"
#include "challenge/types.h"

namespace gradspace::challenge {
namespace {

constexpr ByLevel<float> kStopsUp = {0.4F, 0.9F, 1.5F, 2.2F, 3.0F};
constexpr float kShoulder = 0.8F;

float saturate(float light) {
  if (light <= kShoulder) {
    return light;
  }
  const float room = 1.0F - kShoulder;
  return 1.0F - room * std::exp(-(light - kShoulder) / room);
}

}  // namespace

Image exposure(const Request& request) {
  const std::array<float, 256>& linear = linear_table();
  const auto black = static_cast<std::size_t>(LumaHistogram(request.image).percentile(0.05));
  const float most = std::max(1.0F, kShoulder / std::max(linear[black], linear[1]));
  const float gain = std::min(std::exp2(at_level(kStopsUp, request)), most);

  std::array<float, 256> curve{};
  for (std::size_t code = 0; code < curve.size(); ++code) {
    curve[code] = saturate(gain * linear[code]);
  }
  const Sensor sensor(request);
  return sensor.develop(through_table(request.image, curve), 1.0F);
}

}  // namespace gradspace::challenge
