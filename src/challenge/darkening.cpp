// 04 darkening: underexposure with crushed blacks.
//
// Less light by so many stops (linear light divided by 2 to their number), then a toe that bends
// the dark tones of the stored samples to black: v -> v^2 / (v + b), which no tone reaches exactly,
// so that a dark picture does not become one black area. Exposure is relative to the picture's own
// whites: where the stops would take its brightest twentieth under a visible code, fewer are taken.
#include <algorithm>
#include <cmath>

#include "challenge/light.h"
#include "challenge/scene.h"
#include "challenge/sensor.h"
#include "challenge/types.h"

namespace gradspace::challenge {
namespace {

constexpr ByLevel<float> kStopsDown = {0.4F, 0.9F, 1.5F, 2.3F, 3.4F};
/// The toe's b, in stored samples of 255.
constexpr ByLevel<float> kToe = {4.0F, 7.0F, 10.0F, 13.0F, 16.0F};
/// The brightest twentieth stays at or over this code (before the toe) where it was over it.
constexpr std::size_t kVisible = 24;

}  // namespace

Image darkening(const Request& request) {
  const std::array<float, 256>& linear = linear_table();
  const SrgbEncoder& encoder = srgb_encoder();
  const auto white = static_cast<std::size_t>(LumaHistogram(request.image).percentile(0.95));
  const float least = std::min(1.0F, linear[kVisible] / std::max(linear[white], linear[1]));
  const float gain = std::max(std::exp2(-at_level(kStopsDown, request)), least);
  const float toe = at_level(kToe, request);

  std::array<float, 256> curve{};
  for (std::size_t code = 0; code < curve.size(); ++code) {
    const float dark = encoder(gain * linear[code]);
    curve[code] = linear_of_code(dark * dark / (dark + toe));
  }
  const Sensor sensor(request);
  return sensor.develop(through_table(request.image, curve), encoded_gain(gain));
}

}  // namespace gradspace::challenge
