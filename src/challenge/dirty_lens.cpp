// 05 dirty lens: translucent smears and specks on the lens, out of focus, in front of the scene.
//
// J. Gu, R. Ramamoorthi, P. Belhumeur and S. Nayar, "Removing Image Artifacts Due to Dirty Camera
// Lenses and Thin Occluders" (SIGGRAPH Asia 2009): dirt attenuates the scene's light and scatters
// the surroundings' light into the camera, I = J a + b with b in proportion to 1 - a and to the
// average light around. Dirt lies far out of focus, so a is smooth: specks are soft discs, smears
// bundles of soft strokes as a wipe leaves them.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "challenge/blur.h"
#include "challenge/light.h"
#include "challenge/overlay.h"
#include "challenge/scatter.h"
#include "challenge/sensor.h"
#include "challenge/types.h"
#include "core/random.h"

namespace gradspace::challenge {
namespace {

/// Specks and smears a square of the shorter side.
constexpr ByLevel<float> kSpecks = {7.0F, 13.0F, 20.0F, 28.0F, 37.0F};
constexpr ByLevel<float> kSmears = {1.0F, 2.0F, 3.0F, 4.0F, 5.0F};
/// Opacity over that at level 5.
constexpr ByLevel<float> kDirtOpacity = {0.68F, 0.76F, 0.84F, 0.92F, 1.0F};
/// Share of the light around that dirt scatters, by channel: brown mud in specks, dust in smears.
constexpr std::array<float, 3> kSpeckAlbedo = {0.30F, 0.24F, 0.17F};
constexpr std::array<float, 3> kSmearAlbedo = {1.15F, 1.05F, 0.9F};
/// The shorter side of the map that dirt is drawn on, where the picture is larger.
constexpr float kMapSide = 160.0F;

/// How far a speck and a smear reach from their centres, over the side.
constexpr float kSpeckReach = 0.16F;
constexpr float kSmearReach = 0.45F;

/// A dirty lens while it is drawn.
struct DirtMap {
  Plane transmission;
  float side;  ///< what sizes are relative to, in the map's pixels
  float width;
  float height;
  float strength;
};

void draw_speck(const Scatter& scatter, int i, Random& random, DirtMap& map) {
  const float side = map.side;
  const auto size = static_cast<float>(std::pow(random.uniform(), 2.0));
  const Place place = scatter.place(i, random);
  Stroke speck;
  speck.x0 = static_cast<float>(place.across) * map.width;
  speck.y0 = static_cast<float>(place.down) * map.height;
  speck.radius = side * (0.024F + 0.05F * size);
  // Not quite round.
  const auto angle = static_cast<float>(random.uniform(0, std::numbers::pi));
  const float length = speck.radius * static_cast<float>(random.uniform(0.0, 0.9));
  speck.x1 = speck.x0 + length * std::cos(angle);
  speck.y1 = speck.y0 + length * std::sin(angle);
  speck.softness = 0.7F * speck.radius + 0.015F * side;
  speck.opacity = map.strength * static_cast<float>(random.uniform(0.6, 0.95));
  draw(map.transmission, speck);
}

void draw_smear(const Scatter& scatter, int i, Random& random, DirtMap& map) {
  const float side = map.side;
  const Place place = scatter.place(i, random);
  const auto x = static_cast<float>(place.across) * map.width;
  const auto y = static_cast<float>(place.down) * map.height;
  const auto angle = static_cast<float>(random.uniform(0, std::numbers::pi));
  for (int line = 0; line < 4; ++line) {
    const float heading = angle + static_cast<float>(random.uniform(-0.12, 0.12));
    const float half = 0.5F * side * static_cast<float>(random.uniform(0.3, 0.7));
    const float across = side * static_cast<float>(random.uniform(-0.1, 0.1));
    const float along = side * static_cast<float>(random.uniform(-0.1, 0.1));
    const float cx = x + along * std::cos(angle) - across * std::sin(angle);
    const float cy = y + along * std::sin(angle) + across * std::cos(angle);
    Stroke stroke;
    stroke.x0 = cx - half * std::cos(heading);
    stroke.y0 = cy - half * std::sin(heading);
    stroke.x1 = cx + half * std::cos(heading);
    stroke.y1 = cy + half * std::sin(heading);
    stroke.radius = side * static_cast<float>(random.uniform(0.015, 0.045));
    stroke.softness = 1.8F * stroke.radius;
    stroke.opacity = map.strength * static_cast<float>(random.uniform(0.3, 0.55));
    draw(map.transmission, stroke);
  }
}

using DrawOne = void (*)(const Scatter&, int, Random&, DirtMap&);

/// What specks or smears, so many a square, let through.
Plane draw_dirt(const Request& request, DrawOne draw_one, float reach, float a_square) {
  const Image& image = request.image;
  const int factor = std::max(1, static_cast<int>(side_px(request) / kMapSide));
  const auto scale = 1.0F / static_cast<float>(factor);
  DirtMap map{
      Plane((image.width() + factor - 1) / factor, (image.height() + factor - 1) / factor, 1.0F),
      side_px(request) * scale, static_cast<float>(image.width()) * scale,
      static_cast<float>(image.height()) * scale, at_level(kDirtOpacity, request)};
  const Scatter scatter(request, 0, reach);
  const int count = scatter.count(a_square);
  Random random(request.seed);
  for (int i = 0; i < count; ++i) {
    draw_one(scatter, i, random, map);
  }
  return factor == 1 ? std::move(map.transmission)
                     : enlarge(map.transmission, factor, image.width(), image.height());
}

/// Scattered light of dirt with that albedo among `around`.
std::array<float, 3> scattered(const std::array<float, 3>& albedo, float around, bool grey) {
  return {around * albedo[grey ? 1 : 0], around * albedo[1], around * albedo[2]};
}

float mean(const Plane& plane) {
  double sum = 0;
  for (const float sample : plane.samples()) {
    sum += static_cast<double>(sample);
  }
  return static_cast<float>(sum / static_cast<double>(plane.size()));
}

}  // namespace

Image dirty_lens(const Request& request) {
  const Image& image = request.image;
  const Sensor sensor(request);
  Plane transmission = draw_dirt(request, draw_smear, kSmearReach, at_level(kSmears, request));
  const Plane specks = draw_dirt(request, draw_speck, kSpeckReach, at_level(kSpecks, request));

  Planes planes = to_linear(image);
  const bool grey = planes.size() == 1;
  // The light around has the picture's mean brightness; its colour is the dirt's.
  float around = 0;
  for (std::size_t c = 0; c < planes.size(); ++c) {
    around += mean(planes[c]) * (grey ? 1.0F : kLuminanceWeights[c]);
  }
  add_scattered_light(planes, transmission, scattered(kSmearAlbedo, around, grey));
  add_scattered_light(planes, specks, scattered(kSpeckAlbedo, around, grey));
  for (std::size_t i = 0; i < transmission.size(); ++i) {
    transmission.samples()[i] *= specks.samples()[i];
  }
  return sensor.develop(planes, transmission);
}

}  // namespace gradspace::challenge
