// Photographs in floats, and what their damaged copies are made of.
#pragma once

#include <cstddef>
#include <vector>

#include "core/random.h"
#include "gradspace/image.h"

namespace gradspace {

/// Samples from 0 to 255 and beyond, interleaved.
struct Picture {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 0;
  std::vector<float> values;

  std::size_t area() const { return width * height; }
};

Picture picture_of(const Image& image);

/// Rounded and held within 0 to 255.
Image image_of(const Picture& picture);

/// Within [0, 1], smooth: random values at `cells` x `cells` places or so, joined by a cubic.
std::vector<float> smooth_field(std::size_t width, std::size_t height, int cells, Random& random);

/// By a Gaussian of this sigma in pixels; the outermost samples are repeated.
void blur(Picture& picture, float sigma);

/// The mean over a line of this length in pixels, through each pixel, at an angle in degrees.
void smear(Picture& picture, float length, float degrees);

/// To mean 0 and deviation 1 over all samples.
void normalise(Picture& picture);

}  // namespace gradspace
