// 11 snow: bright flakes and streaks of several sizes and blur.
//
// Flakes are bright, nearly opaque scatterers at all distances: far ones small, sharp and many,
// near ones large, out of focus and translucent, drawn out along their path while the shutter is
// open (Y.-F. Liu, D.-W. Jaw, S.-C. Huang and J.-N. Hwang, "DesnowNet", IEEE TIP 27(6), 2018:
// translucent and opaque layers over a veil). All flakes of a picture drift in about one direction.
// Composed in linear light, I = (1 - a) J + a S.
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

/// Flakes a square of the shorter side.
constexpr ByLevel<float> kFlakes = {25.0F, 60.0F, 105.0F, 165.0F, 240.0F};
/// Light that the veil of the farthest flakes lets through.
constexpr ByLevel<float> kSnowVeil = {0.98F, 0.95F, 0.91F, 0.86F, 0.8F};
/// Flakes fall this far outside the frame, over its extent; with sizes in pixels half the longest streak, over side.
constexpr double kSnowMargin = 0.05;
constexpr float kFlakeReach = 0.16F;

void draw_flakes(const Request& request, Plane& transmission) {
  const Image& image = request.image;
  const float side = side_px(request);
  const auto width = static_cast<double>(image.width());
  const auto height = static_cast<double>(image.height());
  Random random(request.seed);
  const double drift = random.uniform(-0.7, 0.7);  // from the vertical, radians
  const Scatter scatter(request, kSnowMargin, kFlakeReach);
  const int count = scatter.count(at_level(kFlakes, request));
  for (int i = 0; i < count; ++i) {
    const auto nearness = static_cast<float>(std::pow(random.uniform(), 4.0));
    const auto angle = static_cast<float>(drift + random.uniform(-0.3, 0.3));
    const Place place = scatter.place(i, random);
    const auto x = static_cast<float>(place.across * width);
    const auto y = static_cast<float>(place.down * height);
    const auto size = static_cast<float>(random.uniform(0.7, 1.3));
    const auto speed = static_cast<float>(random.uniform(0.0, 1.0));
    Stroke flake;
    flake.radius = side * size * (0.007F + 0.030F * nearness);
    // Most flakes are dots, a fast few are streaks.
    const float length = flake.radius * 5.0F * speed * speed * speed;
    flake.x0 = x - 0.5F * length * std::sin(angle);
    flake.x1 = x + 0.5F * length * std::sin(angle);
    flake.y0 = y - 0.5F * length * std::cos(angle);
    flake.y1 = y + 0.5F * length * std::cos(angle);
    flake.softness = flake.radius * (0.5F + 1.2F * nearness);
    flake.opacity = 0.95F - 0.45F * nearness;
    draw(transmission, flake);
  }
}

}  // namespace

Image snow(const Request& request) {
  const Image& image = request.image;
  const Sensor sensor(request);
  // Snow is brighter than the air's light behind it, but never brighter than white.
  const float flake = std::min(1.0F, std::max(0.6F, 1.4F * air_light(image)));
  Plane transmission(image.width(), image.height(), at_level(kSnowVeil, request));
  draw_flakes(request, transmission);
  Planes planes = to_linear(image);
  add_scattered_light(planes, transmission, {flake, flake, flake});
  return sensor.develop(planes, transmission);
}

}  // namespace gradspace::challenge
