// Pictures that the tests of challenges draw for themselves, and how far two pictures are apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random.h"
#include "gradspace/image.h"

namespace gradspace::testing {

/// A scene with smooth areas, edges, fine stripes, dark and bright parts, and a little sensor noise. The
/// same scene at every size.
inline Image scene(int width, int height, int channels, std::uint64_t seed = 1) {
  Random places(seed);
  struct Disc {
    double x, y, radius, colour[3];
  };
  std::vector<Disc> discs(6);
  for (Disc& disc : discs) {
    disc.x = places.uniform();
    disc.y = places.uniform();
    disc.radius = places.uniform(0.08, 0.25);
    for (double& colour : disc.colour) {
      colour = places.uniform(20, 235);
    }
  }
  Random noise(seed + 1);
  Image image(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = (x + 0.5) / width;
      const double v = (y + 0.5) / height;
      double colour[3] = {60 + 120 * u, 90 + 80 * v, 170 - 110 * v};
      for (const Disc& disc : discs) {
        if (std::hypot(u - disc.x, v - disc.y) < disc.radius) {
          std::copy(disc.colour, disc.colour + 3, colour);
        }
      }
      const double stripes = u > 0.6 && v > 0.6 ? 30 * std::sin(60 * u) : 0;
      for (int c = 0; c < channels; ++c) {
        const double value = colour[channels == 1 ? 1 : c] + stripes + 1.5 * noise.normal();
        image.row(y)[static_cast<std::size_t>(x * channels + c)] =
            static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
      }
    }
  }
  return image;
}

/// One value, and white noise of that standard deviation.
inline Image noisy_grey(int width, int height, double value, double sigma) {
  Random noise(7);
  Image image(width, height, 1);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(
        std::clamp(std::lround(value + sigma * noise.normal()), 0L, 255L));
  }
  return image;
}

/// Root of the mean squared difference of all samples.
inline double rmse(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i) {
    const double difference = static_cast<double>(a.pixels()[i]) - b.pixels()[i];
    sum += difference * difference;
  }
  return std::sqrt(sum / static_cast<double>(a.pixels().size()));
}

/// `rmse` of both, reduced so that the shorter side has `side` pixels (smaller ones as they are): what
/// is seen at arm's length. In a large frame the finest texture, which any blur takes away at once,
/// would drown all else.
inline double seen_distance(const Image& a, const Image& b, int side) {
  const int shorter = std::min(a.width(), a.height());
  if (shorter <= side) {
    return rmse(a, b);
  }
  const auto scaled = [&](int length) { return length * side / shorter; };
  const auto reduced = [&](const Image& image) {
    return resize_bilinear(image, scaled(image.width()), scaled(image.height()));
  };
  return rmse(reduced(a), reduced(b));
}

inline bool is_constant(const Image& image) {
  const auto pixels = image.pixels();
  return std::all_of(pixels.begin(), pixels.end(),
                     [&](std::uint8_t sample) { return sample == pixels[0]; });
}

}  // namespace gradspace::testing
