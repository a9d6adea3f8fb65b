// 09 rain: streaks along one direction, and a grey veil with a loss of contrast.
//
// A falling drop is imaged as a motion-blurred streak that is brighter than what lies behind, for
// it refracts light of a wide field of view, and translucent by the time it covers a pixel (K. Garg
// and S. K. Nayar, "Vision and Rain", IJCV 75(1), 2007): I = (1 - a) J + a E. Streaks too far away
// to be seen singly add up to a veil like haze (R. Li, L.-F. Cheong and R. T. Tan, "Heavy Rain
// Image Restoration", CVPR 2019): J' = J t + A (1 - t). Near streaks are long, wide, out of focus
// and faint, far ones short, thin and many. All in linear light.
#include <algorithm>
#include <cmath>

#include "challenge/light.h"
#include "challenge/overlay.h"
#include "challenge/scatter.h"
#include "challenge/scene.h"
#include "challenge/sensor.h"
#include "challenge/types.h"
#include "core/random.h"

namespace gradspace::challenge {
namespace {

/// Streaks a square of the shorter side.
constexpr ByLevel<float> kStreaks = {24.0F, 50.0F, 80.0F, 115.0F, 160.0F};
/// Light that the veil lets through.
constexpr ByLevel<float> kRainVeil = {0.96F, 0.9F, 0.83F, 0.75F, 0.65F};
/// Opacity of streaks over that at level 5.
constexpr ByLevel<float> kStreakOpacity = {0.55F, 0.7F, 0.82F, 0.92F, 1.0F};
/// Streaks begin this far outside the frame, over its extent; with sizes in pixels half the longest streak, over side.
constexpr double kRainMargin = 0.15;
constexpr float kStreakReach = 0.16F;
/// The drops' light over the air's.
constexpr float kDropLight = 1.25F;
/// The veil's grey is darker than the sky: heavy clouds.
constexpr float kVeilLight = 0.7F;

void draw_streaks(const Request& request, Plane& transmission) {
  const Image& image = request.image;
  const float side = side_px(request);
  const auto width = static_cast<double>(image.width());
  const auto height = static_cast<double>(image.height());
  Random random(request.seed);
  const double direction = random.uniform(-0.4, 0.4);  // from the vertical, radians
  const Scatter scatter(request, kRainMargin, kStreakReach);
  const int count = scatter.count(at_level(kStreaks, request));
  const float strength = at_level(kStreakOpacity, request);
  for (int i = 0; i < count; ++i) {
    // 0 far, 1 near; the volume seen grows with the distance, so far drops are more frequent.
    const auto nearness = static_cast<float>(std::pow(random.uniform(), 2.0));
    const auto angle = static_cast<float>(direction + random.uniform(-0.05, 0.05));
    const float length = side * (0.08F + 0.22F * nearness);
    const Place place = scatter.place(i, random);
    const auto x = static_cast<float>(place.across * width);
    const auto y = static_cast<float>(place.down * height);
    const auto variation = static_cast<float>(random.uniform(0.6, 1.0));
    Stroke streak;
    streak.x0 = x - 0.5F * length * std::sin(angle);
    streak.x1 = x + 0.5F * length * std::sin(angle);
    streak.y0 = y - 0.5F * length * std::cos(angle);
    streak.y1 = y + 0.5F * length * std::cos(angle);
    streak.radius = side * (0.0045F + 0.006F * nearness);
    streak.softness = side * (0.003F + 0.012F * nearness);
    streak.opacity = strength * variation * (0.85F - 0.45F * nearness);
    draw(transmission, streak);
  }
}

}  // namespace

Image rain(const Request& request) {
  const Image& image = request.image;
  const Sensor sensor(request);
  const float air = air_light(image);
  const float veil = at_level(kRainVeil, request);
  const float veil_light = kVeilLight * air;
  Planes planes = to_linear(image);
  for (Plane& plane : planes) {
    for (float& sample : plane.samples()) {
      sample = veil_light + veil * (sample - veil_light);
    }
  }
  Plane transmission(image.width(), image.height(), 1.0F);
  draw_streaks(request, transmission);
  const float drop = std::min(1.0F, kDropLight * air);
  add_scattered_light(planes, transmission, {drop, drop, drop});
  for (float& sample : transmission.samples()) {
    sample *= veil;
  }
  return sensor.develop(planes, transmission);
}

}  // namespace gradspace::challenge
