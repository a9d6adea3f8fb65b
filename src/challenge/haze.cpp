// 12 haze: the scene fades towards the air's light, the more the farther away.
//
// H. Koschmieder, "Theorie der horizontalen Sichtweite" (1924), as used by K. He, J. Sun and X.
// Tang, "Single Image Haze Removal Using Dark Channel Prior" (IEEE TPAMI 33(12), 2011): in linear
// light I = J t + A (1 - t) with transmission t = exp(-beta d). The depth d is unknown; as in a
// view along the ground it grows from the lower edge to the upper, here on an axis tilted by
// chance.
#include <cmath>

#include "challenge/light.h"
#include "challenge/overlay.h"
#include "challenge/scene.h"
#include "challenge/sensor.h"
#include "challenge/types.h"
#include "core/random.h"

namespace gradspace::challenge {
namespace {

/// beta times the depth of the far edge.
constexpr ByLevel<float> kThickness = {0.2F, 0.45F, 0.8F, 1.3F, 2.1F};
/// Depth of the near edge over the far edge's.
constexpr float kNear = 0.35F;
/// The air's light: a little blue.
constexpr std::array<float, 3> kAirTint = {0.97F, 1.0F, 1.03F};

}  // namespace

Image haze(const Request& request) {
  const Image& image = request.image;
  const Sensor sensor(request);
  Random random(request.seed);
  const auto tilt = static_cast<float>(random.uniform(-0.5, 0.5));
  const float thickness = at_level(kThickness, request);
  const auto width = static_cast<float>(image.width());
  const auto height = static_cast<float>(image.height());

  // exp(-beta d) with d linear in x and y is a product of one factor a row and one a column.
  const float spread = (1.0F - kNear) / (1.0F + std::abs(tilt));
  std::vector<float> columns(static_cast<std::size_t>(image.width()));
  for (std::size_t x = 0; x < columns.size(); ++x) {
    const float across = (static_cast<float>(x) + 0.5F) / width - 0.5F;
    const float from_left = tilt * across + 0.5F * std::abs(tilt);
    columns[x] = std::exp(-thickness * spread * from_left);
  }
  Plane transmission(image.width(), image.height());
  for (int y = 0; y < image.height(); ++y) {
    const float up = 1.0F - (static_cast<float>(y) + 0.5F) / height;
    const float factor = std::exp(-thickness * (kNear + spread * up));
    float* row = transmission.row(y);
    for (std::size_t x = 0; x < columns.size(); ++x) {
      row[x] = factor * columns[x];
    }
  }
  const float air = air_light(image);
  Planes planes = to_linear(image);
  add_scattered_light(
      planes, transmission,
      planes.size() == 1
          ? std::array<float, 3>{air, air, air}
          : std::array<float, 3>{air * kAirTint[0], air * kAirTint[1], air * kAirTint[2]});
  return sensor.develop(planes, transmission);
}

}  // namespace gradspace::challenge
