#include "challenge/overlay.h"

#include <cmath>

namespace gradspace::challenge {
namespace {

constexpr float kThinnestRadius = 0.5F;

/// The part of the stroke's axis within `reach` of row y, as a range of x.
struct Range {
  float low;
  float high;
};

Range axis_near_row(const Stroke& stroke, float y, float reach) {
  const float dy = stroke.y1 - stroke.y0;
  float from = 0;
  float to = 1;
  if (std::abs(dy) > 1e-6F) {
    const float a = (y - reach - stroke.y0) / dy;
    const float b = (y + reach - stroke.y0) / dy;
    from = std::clamp(std::min(a, b), 0.0F, 1.0F);
    to = std::clamp(std::max(a, b), 0.0F, 1.0F);
  }
  const float xa = stroke.x0 + from * (stroke.x1 - stroke.x0);
  const float xb = stroke.x0 + to * (stroke.x1 - stroke.x0);
  return {std::min(xa, xb), std::max(xa, xb)};
}

/// Clips to 0 .. n before the conversion, which is undefined for what an int can't hold.
int clipped(float position, int n) {
  return static_cast<int>(std::clamp(position, 0.0F, static_cast<float>(n)));
}

}  // namespace

void draw(Plane& transmission, const Stroke& stroke) {
  const float radius = std::max(stroke.radius, kThinnestRadius);
  const float opacity = stroke.opacity * (std::max(stroke.radius, 0.0F) / radius);
  const float softness = std::max(stroke.softness, 1.0F);
  const float reach = radius + 0.5F * softness;
  const float dx = stroke.x1 - stroke.x0;
  const float dy = stroke.y1 - stroke.y0;
  const float length2 = dx * dx + dy * dy;
  const float per_length2 = length2 > 0 ? 1.0F / length2 : 0.0F;
  const float per_softness = 1.0F / softness;

  const int top = clipped(std::ceil(std::min(stroke.y0, stroke.y1) - reach), transmission.height());
  const int bottom =
      clipped(std::floor(std::max(stroke.y0, stroke.y1) + reach) + 1.0F, transmission.height());
  for (int y = top; y < bottom; ++y) {
    const Range range = axis_near_row(stroke, static_cast<float>(y), reach);
    const int left = clipped(std::ceil(range.low - reach), transmission.width());
    const int right = clipped(std::floor(range.high + reach) + 1.0F, transmission.width());
    float* row = transmission.row(y);
    const float py = static_cast<float>(y) - stroke.y0;
    for (int x = left; x < right; ++x) {
      const float px = static_cast<float>(x) - stroke.x0;
      const float along = std::min(std::max((px * dx + py * dy) * per_length2, 0.0F), 1.0F);
      const float ex = px - along * dx;
      const float ey = py - along * dy;
      const float distance = std::sqrt(ex * ex + ey * ey);
      const float t = std::min(std::max((reach - distance) * per_softness, 0.0F), 1.0F);
      row[x] *= 1.0F - opacity * (t * t * (3.0F - 2.0F * t));
    }
  }
}

void add_scattered_light(Planes& planes, const Plane& transmission,
                         const std::array<float, 3>& light) {
  const float* through = transmission.samples().data();
  for (std::size_t c = 0; c < planes.size(); ++c) {
    float* samples = planes[c].samples().data();
    const float added = light[c];
    const std::size_t n = planes[c].size();
    for (std::size_t i = 0; i < n; ++i) {
      samples[i] = added + through[i] * (samples[i] - added);
    }
  }
}

}  // namespace gradspace::challenge
