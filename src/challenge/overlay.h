// Soft-edged dots and strokes over a picture: drops, flakes, dirt.
#pragma once

#include <array>

#include "challenge/plane.h"

namespace gradspace::challenge {

/// A stroke with round ends, in pixels (sample centres at whole numbers).
struct Stroke {
  float x0 = 0;
  float y0 = 0;
  float x1 = 0;
  float y1 = 0;
  float radius = 0;    ///< half its width, to the middle of the soft edge
  float softness = 0;  ///< width of the soft edge; at least a pixel is used
  float opacity = 0;   ///< inside, 0 to 1
};

/// Multiplies `transmission` by what the stroke lets through. Strokes thinner than a pixel become a
/// pixel wide and fainter in the same measure. Parts outside the plane are cut off.
void draw(Plane& transmission, const Stroke& stroke);

/// planes = planes * transmission + light * (1 - transmission), light a channel (the first alone on
/// a grey picture).
void add_scattered_light(Planes& planes, const Plane& transmission,
                         const std::array<float, 3>& light);

}  // namespace gradspace::challenge
