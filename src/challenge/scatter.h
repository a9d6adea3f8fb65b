// Where the things that lie over a picture are drawn, and how many of them there are.
#pragma once

#include "challenge/types.h"
#include "core/random.h"

namespace gradspace::challenge {

/// A place as shares of the picture's width and height.
struct Place {
  double across;
  double down;
};

/// Scatters places evenly over the frame and over a margin around it, from which long things reach into it.
///
/// Where sizes are relative to the image, the margin is too, and numbers are for a square of the shorter side.
/// Where sizes are in pixels, the margin is as wide as the things reach, so that an image of any size looks like a
/// part of one large picture, and numbers are for a square of kPixelsSide.
class Scatter {
 public:
  /// `margin` is over the frame's width and height; `reach`, for sizes in pixels, over kPixelsSide.
  Scatter(const Request& request, double margin, float reach);

  /// How many things at so many a square; at least one.
  int count(float a_square) const;

  /// Of the i-th thing. Where sizes are in pixels, the first lies in the frame, so that no image is so small that it
  /// goes without.
  Place place(int i, Random& random) const;

 private:
  double margin_across_;
  double margin_down_;
  bool first_in_frame_;
  float squares_;
};

}  // namespace gradspace::challenge
