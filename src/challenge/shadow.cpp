// 10 shadow: a hard-edged darker area across part of the scene.
//
// In the shadow the sun is blocked and the sky's light remains (G. D. Finlayson, S. D. Hordley, C.
// Lu and M. S. Drew, "On the Removal of Shadows from Images", IEEE TPAMI 28(1), 2006): linear light
// times a ratio that is a little higher in blue. The area is what a wall, a pole or overpass, or a
// gable would cast: a half-plane, a band, or a wedge, over some 40 to 60 % of the frame; its edge
// is a narrow penumbra.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "challenge/light.h"
#include "challenge/sensor.h"
#include "challenge/types.h"
#include "core/random.h"

namespace gradspace::challenge {
namespace {

/// The sky's share of the light.
constexpr ByLevel<float> kSkyShare = {0.66F, 0.42F, 0.25F, 0.13F, 0.06F};
/// The sky's colour over daylight's.
constexpr std::array<float, 3> kSkyTint = {0.92F, 1.0F, 1.2F};
/// Width of the penumbra over the shorter side; at least a pixel.
constexpr float kPenumbra = 0.008F;

/// A line through the frame: distance(x, y) = nx * x + ny * y - offset, in pixels.
struct Line {
  float nx;
  float ny;
  float offset;

  float distance(float x, float y) const { return nx * x + ny * y - offset; }
};

/// Where the shadow lies: where the larger of two signed distances is negative.
struct Area {
  Line a;
  Line b;
};

Area draw_area(const Image& image, Random& random) {
  const auto width = static_cast<float>(image.width());
  const auto height = static_cast<float>(image.height());
  const auto angle = static_cast<float>(random.uniform(0, 2 * std::numbers::pi));
  const float nx = std::cos(angle);
  const float ny = std::sin(angle);
  // The frame's extent along the normal, and the centre's position on it.
  const float extent = std::abs(nx) * width + std::abs(ny) * height;
  const float centre = 0.5F * (nx * (width - 1) + ny * (height - 1));
  const auto jitter = static_cast<float>(random.uniform(-0.06, 0.06)) * extent;
  const Line line{nx, ny, centre + jitter};
  switch (random.below(3)) {
    case 0:
      return {line, line};
    case 1: {  // a band half of the extent wide
      const float half = 0.2F * extent;
      return {{nx, ny, centre + jitter + half}, {-nx, -ny, -(centre + jitter - half)}};
    }
    default: {  // a wedge whose tip lies off the centre
      const float opening = 0.6F;
      const float c = std::cos(opening);
      const float s = std::sin(opening);
      const float tip_x = 0.5F * (width - 1) + nx * (jitter + 0.2F * extent);
      const float tip_y = 0.5F * (height - 1) + ny * (jitter + 0.2F * extent);
      const auto through_tip = [&](float mx, float my) {
        return Line{mx, my, mx * tip_x + my * tip_y};
      };
      return {through_tip(c * nx - s * ny, s * nx + c * ny),
              through_tip(c * nx + s * ny, -s * nx + c * ny)};
    }
  }
}

}  // namespace

Image shadow(const Request& request) {
  const Image& image = request.image;
  const Sensor sensor(request);
  Random random(request.seed);
  const Area area = draw_area(image, random);
  const float sky = at_level(kSkyShare, request);
  const float per_penumbra = 1.0F / std::max(1.0F, kPenumbra * side_px(request));

  Planes planes = to_linear(image);
  Plane kept(image.width(), image.height());
  std::vector<float> lit(static_cast<std::size_t>(image.width()));
  for (int y = 0; y < image.height(); ++y) {
    const auto py = static_cast<float>(y);
    float* kept_row = kept.row(y);
    for (int x = 0; x < image.width(); ++x) {
      const auto px = static_cast<float>(x);
      const float distance = std::max(area.a.distance(px, py), area.b.distance(px, py));
      const float share = std::min(std::max(0.5F + distance * per_penumbra, 0.0F), 1.0F);
      lit[static_cast<std::size_t>(x)] = share;
      kept_row[x] = share + (1.0F - share) * encoded_gain(sky);
    }
    for (std::size_t c = 0; c < planes.size(); ++c) {
      const float dark = planes.size() == 1 ? sky : sky * kSkyTint[c];
      float* row = planes[c].row(y);
      for (int x = 0; x < image.width(); ++x) {
        row[x] *= dark + lit[static_cast<std::size_t>(x)] * (1.0F - dark);
      }
    }
  }
  return sensor.develop(planes, kept);
}

}  // namespace gradspace::challenge
