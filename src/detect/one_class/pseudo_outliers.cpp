#include "detect/one_class/pseudo_outliers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "core/named_entries.h"

namespace gradspace {
namespace {

/// A picture in floats, HWC.
struct Picture {
  Extent extent;
  std::vector<float> values;

  std::size_t channels() const { return static_cast<std::size_t>(extent.channels); }
  std::size_t area() const { return values.size() / channels(); }
  float& at(std::size_t pixel, std::size_t c) { return values[pixel * channels() + c]; }
  float at(std::size_t pixel, std::size_t c) const { return values[pixel * channels() + c]; }
};

float draw(Random& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

/// exp of something uniform: factors around 1, or sizes over magnitudes.
float draw_factor(Random& random, double low, double high) {
  return std::exp(draw(random, std::log(low), std::log(high)));
}

Picture from_bytes(std::span<const std::uint8_t> image, const Extent& extent) {
  Picture picture{extent, std::vector<float>(image.size())};
  std::ranges::transform(image, picture.values.begin(),
                         [](std::uint8_t value) { return static_cast<float>(value) / 255.0F; });
  return picture;
}

/// One plane [height, width] of white noise under three box means in each direction, with mean 0 and
/// deviation 1. The boxes' radius is in pixels of a 28-pixel image, and grows with the image. Wraps
/// around at the edges.
std::vector<float> smooth_field(const Extent& extent, int radius_28, Random& random) {
  const auto height = static_cast<std::size_t>(extent.height);
  const auto width = static_cast<std::size_t>(extent.width);
  std::vector<float> field(height * width);
  for (float& value : field) {
    value = static_cast<float>(random.normal());
  }
  const auto radius = static_cast<std::size_t>(
      std::lround(radius_28 * std::min(extent.height, extent.width) / 28.0));
  std::vector<float> next(field.size());
  for (int pass = 0; pass < 6 && radius > 0; ++pass) {
    const bool along_rows = pass % 2 == 0;
    for (std::size_t y = 0; y < height; ++y) {
      for (std::size_t x = 0; x < width; ++x) {
        float sum = 0;
        for (std::size_t k = 0; k <= 2 * radius; ++k) {
          const std::size_t at_y =
              along_rows ? y : (y + k + (radius + 1) * height - radius) % height;
          const std::size_t at_x = along_rows ? (x + k + (radius + 1) * width - radius) % width : x;
          sum += field[at_y * width + at_x];
        }
        next[y * width + x] = sum;
      }
    }
    field.swap(next);
  }
  double sum = 0;
  double squares = 0;
  for (const double value : field) {
    sum += value;
    squares += value * value;
  }
  const double mean = sum / static_cast<double>(field.size());
  const double deviation =
      std::sqrt(std::max(1e-30, squares / static_cast<double>(field.size()) - mean * mean));
  for (float& value : field) {
    value = static_cast<float>((value - mean) / deviation);
  }
  return field;
}

/// Soft blobs of one colour, or of another image.
void occlude(Picture& picture, const Picture& other, Random& random) {
  constexpr std::array kRadii = {1, 1, 2, 3};
  const std::vector<float> field =
      smooth_field(picture.extent, kRadii[random.below(kRadii.size())], random);
  const float threshold = draw(random, 0.3, 1.8);
  const float hardness = draw(random, 1, 6);
  const float opacity = draw(random, 0.3, 1);
  const float lightness = draw(random, 0.2, 1.8);
  const bool paste = random.chance(0.5);
  for (std::size_t c = 0; c < picture.channels(); ++c) {
    float mean = 0;
    for (std::size_t p = 0; p < picture.area(); ++p) {
      mean += picture.at(p, c) / static_cast<float>(picture.area());
    }
    const float tint = 1 + 0.25F * static_cast<float>(random.normal());
    const float colour = std::clamp(mean * lightness * tint, 0.0F, 1.0F);
    for (std::size_t p = 0; p < picture.area(); ++p) {
      const float cover = opacity / (1 + std::exp(-hardness * (field[p] - threshold)));
      picture.at(p, c) += cover * ((paste ? other.at(p, c) : colour) - picture.at(p, c));
    }
  }
}

void bend_tones(Picture& picture, Random& random) {
  const float gamma = draw_factor(random, 0.4, 2.5);
  const float gain = draw_factor(random, 0.5, 2);
  const float offset = draw(random, -0.15, 0.15);
  for (float& value : picture.values) {
    value = gain * std::pow(value, gamma) + offset;
  }
}

std::vector<float> gaussian_kernel(float sigma) {
  const int radius = static_cast<int>(std::ceil(3 * sigma));
  std::vector<float> kernel;
  float sum = 0;
  for (int k = -radius; k <= radius; ++k) {
    kernel.push_back(std::exp(static_cast<float>(-k * k) / (2 * sigma * sigma)));
    sum += kernel.back();
  }
  for (float& weight : kernel) {
    weight /= sum;
  }
  return kernel;
}

/// One pass of the kernel, down the columns or along the rows; edges are repeated.
Picture smoothed(const Picture& picture, std::span<const float> kernel, bool down) {
  Picture result = picture;
  const int radius = static_cast<int>(kernel.size() / 2);
  const Extent& extent = picture.extent;
  for (int y = 0; y < extent.height; ++y) {
    for (int x = 0; x < extent.width; ++x) {
      for (std::size_t c = 0; c < picture.channels(); ++c) {
        float sum = 0;
        for (int k = -radius; k <= radius; ++k) {
          const int at_y = down ? std::clamp(y + k, 0, extent.height - 1) : y;
          const int at_x = down ? x : std::clamp(x + k, 0, extent.width - 1);
          sum += kernel[static_cast<std::size_t>(k + radius)] *
                 picture.at(static_cast<std::size_t>(at_y * extent.width + at_x), c);
        }
        result.at(static_cast<std::size_t>(y * extent.width + x), c) = sum;
      }
    }
  }
  return result;
}

/// Towards a smoothed copy, or away from it.
void filter(Picture& picture, Random& random) {
  const std::vector<float> kernel = gaussian_kernel(draw(random, 0.4, 1.6));
  const float amount = draw(random, -1, 1);
  const Picture smooth = smoothed(smoothed(picture, kernel, true), kernel, false);
  for (std::size_t i = 0; i < smooth.values.size(); ++i) {
    picture.values[i] += amount * (smooth.values[i] - picture.values[i]);
  }
}

/// White or smooth, the same in all channels or not.
void add_noise(Picture& picture, Random& random) {
  constexpr std::array kRadii = {0, 0, 1, 1, 2};
  const int radius = kRadii[random.below(kRadii.size())];
  const float strength = draw_factor(random, 0.004, 0.15);
  const float own = draw(random, 0, 1);
  const std::vector<float> common = smooth_field(picture.extent, radius, random);
  for (std::size_t c = 0; c < picture.channels(); ++c) {
    const std::vector<float> field = smooth_field(picture.extent, radius, random);
    for (std::size_t p = 0; p < picture.area(); ++p) {
      picture.at(p, c) += strength * (own * field[p] + (1 - own) * common[p]);
    }
  }
}

void change_colours(Picture& picture, Random& random) {
  const float saturation = draw(random, 0, 2);
  std::vector<float> tint(picture.channels());
  for (float& value : tint) {
    value = 1 + 0.15F * static_cast<float>(random.normal());
  }
  for (std::size_t p = 0; p < picture.area(); ++p) {
    float grey = 0;
    for (std::size_t c = 0; c < picture.channels(); ++c) {
      grey += picture.at(p, c) / static_cast<float>(picture.channels());
    }
    for (std::size_t c = 0; c < picture.channels(); ++c) {
      picture.at(p, c) = tint[c] * (grey + saturation * (picture.at(p, c) - grey));
    }
  }
}

/// A smooth field of light, or one with edges.
void light_unevenly(Picture& picture, Random& random) {
  constexpr std::array kRadii = {2, 4, 8};
  const std::vector<float> field =
      smooth_field(picture.extent, kRadii[random.below(kRadii.size())], random);
  const float hardness = random.chance(0.5) ? 1.0F : 8.0F;
  const float depth = draw(random, 0.15, 0.8);
  for (std::size_t p = 0; p < picture.area(); ++p) {
    const float factor = std::exp(depth * std::tanh(hardness * field[p]));
    for (std::size_t c = 0; c < picture.channels(); ++c) {
      picture.at(p, c) *= factor;
    }
  }
}

}  // namespace

std::vector<Distortion> parse_distortions(std::span<const std::string> names) {
  std::vector<Distortion> families;
  for (std::size_t i = 0; i < kDistortionNames.size(); ++i) {
    if (names.empty() || std::ranges::find(names, kDistortionNames[i]) != names.end()) {
      families.push_back(static_cast<Distortion>(i));
    }
  }
  for (const std::string& name : names) {
    find_named(kDistortionNames, name, "distortion", std::identity());
  }
  return families;
}

std::vector<std::uint8_t> distorted(Distortion kind, std::span<const std::uint8_t> image,
                                    std::span<const std::uint8_t> other, const Extent& extent,
                                    Random& random) {
  Picture picture = from_bytes(image, extent);
  switch (kind) {
    case Distortion::kOcclusion:
      occlude(picture, from_bytes(other, extent), random);
      break;
    case Distortion::kTone:
      bend_tones(picture, random);
      break;
    case Distortion::kFilter:
      filter(picture, random);
      break;
    case Distortion::kNoise:
      add_noise(picture, random);
      break;
    case Distortion::kColour:
      change_colours(picture, random);
      break;
    case Distortion::kLight:
      light_unevenly(picture, random);
      break;
  }
  std::vector<std::uint8_t> bytes(picture.values.size());
  std::ranges::transform(picture.values, bytes.begin(), [](float value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255));
  });
  return bytes;
}

}  // namespace gradspace
