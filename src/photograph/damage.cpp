#include "photograph/damage.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "image/codec.h"
#include "photograph/picture.h"

namespace gradspace {
namespace {

constexpr std::string_view kName = "a damaged copy";

float drawn(Random& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

/// Uniform in its logarithm: sizes over magnitudes.
float drawn_magnitude(Random& random, double low, double high) {
  return std::exp(drawn(random, std::log(low), std::log(high)));
}

/// Soft patches of one colour over a part of the frame: dirt, drops, a finger.
void soil(Picture& picture, Random& random) {
  const int cells = static_cast<int>(3 + random.below(10));
  const std::vector<float> field = smooth_field(picture.width, picture.height, cells, random);
  const float threshold = drawn(random, -0.3, 0.9);
  const float hardness = drawn_magnitude(random, 1, 12);
  const float opacity = drawn(random, 0.3, 0.95);
  const float lightness = drawn(random, 20, 230);
  std::array<float, 3> colour{};
  for (float& value : colour) {
    value = std::clamp(lightness + drawn(random, -25, 25), 0.0F, 255.0F);
  }
  for (std::size_t c = 0; c < picture.channels; ++c) {
    for (std::size_t p = 0; p < picture.area(); ++p) {
      const float cover =
          opacity * std::clamp(0.5F + hardness * (field[p] - threshold), 0.0F, 1.0F);
      float& value = picture.values[p * picture.channels + c];
      value += cover * (colour[c] - value);
    }
  }
}

/// A veil, even or thicker here than there: fog, glare, steam.
void veil(Picture& picture, Random& random) {
  const std::vector<float> field = smooth_field(picture.width, picture.height, 3, random);
  const float depth = drawn(random, 0.08, 0.7);
  const float unevenness = drawn(random, 0, 0.8);
  const float light = drawn(random, 110, 250);
  for (std::size_t p = 0; p < picture.area(); ++p) {
    const float cover = std::clamp(depth * (1 + unevenness * 2 * (field[p] - 0.5F)), 0.0F, 0.95F);
    for (std::size_t c = 0; c < picture.channels; ++c) {
      float& value = picture.values[p * picture.channels + c];
      value += cover * (light - value);
    }
  }
}

void bend_tones(Picture& picture, Random& random) {
  const float gain = random.chance(0.6) ? drawn(random, 0.2, 0.8) : drawn(random, 1.2, 2.2);
  const float gamma = drawn_magnitude(random, 0.5, 2);
  std::array<float, 256> curve{};
  for (std::size_t i = 0; i < curve.size(); ++i) {
    curve[i] = 255 * std::pow(std::min(gain * static_cast<float>(i) / 255, 1.0F), gamma);
  }
  for (float& value : picture.values) {
    value = curve[static_cast<std::size_t>(std::clamp(value, 0.0F, 255.0F))];
  }
}

/// Out of focus, along a direction, or sharpened.
void refocus(Picture& picture, Random& random) {
  const double kind = random.uniform();
  if (kind < 0.55) {
    blur(picture, drawn_magnitude(random, 0.5, 4));
  } else if (kind < 0.8) {
    smear(picture, drawn(random, 4, 16), drawn(random, 0, 180));
  } else {
    Picture smooth = picture;
    blur(smooth, drawn(random, 0.8, 2.5));
    const float amount = drawn(random, 0.5, 2);
    for (std::size_t i = 0; i < picture.values.size(); ++i) {
      picture.values[i] += amount * (picture.values[i] - smooth.values[i]);
    }
  }
}

/// White, or smooth along rows, columns or both; of all channels alike or not.
void add_noise(Picture& picture, Random& random) {
  Picture noise = picture;
  const bool grey = random.chance(0.3);
  for (std::size_t p = 0; p < noise.area(); ++p) {
    const auto common = static_cast<float>(random.normal());
    for (std::size_t c = 0; c < noise.channels; ++c) {
      noise.values[p * noise.channels + c] = grey ? common : static_cast<float>(random.normal());
    }
  }
  if (random.chance(0.35)) {
    blur(noise, drawn(random, 0.4, 1.2));
  }
  normalise(noise);
  const float strength = drawn_magnitude(random, 1.5, 32);
  for (std::size_t i = 0; i < picture.values.size(); ++i) {
    picture.values[i] += strength * noise.values[i];
  }
}

/// Specks and streaks in front of the scene.
void sprinkle(Picture& picture, Random& random) {
  Picture specks{picture.width, picture.height, 1, std::vector<float>(picture.area())};
  const double density = std::exp(random.uniform(std::log(3e-4), std::log(8e-3)));
  for (float& value : specks.values) {
    value = random.chance(density) ? drawn(random, 0.4, 1) : 0;
  }
  const float size = drawn(random, 0.5, 1.8);
  const float length = random.chance(0.6) ? drawn(random, 6, 30) : 0;
  blur(specks, size);
  if (length > 0) {
    smear(specks, length, drawn(random, 55, 125));
  }
  const float peak = 2.0F * 3.14F * size * size + 1.5F * size * length;
  const float opacity = drawn(random, 0.25, 0.9);
  const float light = random.chance(0.85) ? drawn(random, 170, 255) : drawn(random, 0, 60);
  for (std::size_t p = 0; p < picture.area(); ++p) {
    const float cover = opacity * std::min(specks.values[p] * peak, 1.0F);
    for (std::size_t c = 0; c < picture.channels; ++c) {
      float& value = picture.values[p * picture.channels + c];
      value += cover * (light - value);
    }
  }
}

void change_colours(Picture& picture, Random& random) {
  const float saturation = random.chance(0.75) ? drawn(random, 0, 0.8) : drawn(random, 1.25, 2);
  std::array<float, 3> cast{};
  for (float& factor : cast) {
    factor = drawn(random, 0.85, 1.15);
  }
  for (std::size_t p = 0; p < picture.area(); ++p) {
    const auto pixel = std::span(picture.values).subspan(p * picture.channels, picture.channels);
    float grey = 0;
    for (const float value : pixel) {
      grey += value / static_cast<float>(picture.channels);
    }
    for (std::size_t c = 0; c < picture.channels; ++c) {
      pixel[c] = cast[c] * (grey + saturation * (pixel[c] - grey));
    }
  }
}

/// Light that falls off to one side, or in large patches.
void light_unevenly(Picture& picture, Random& random) {
  const std::vector<float> field = smooth_field(picture.width, picture.height, 2, random);
  const float low = drawn(random, 0.3, 0.9);
  const float high = drawn(random, 1, 1.4);
  for (std::size_t p = 0; p < picture.area(); ++p) {
    const float factor = low + (high - low) * field[p];
    for (std::size_t c = 0; c < picture.channels; ++c) {
      picture.values[p * picture.channels + c] *= factor;
    }
  }
}

constexpr std::array kFamilies = {soil,      veil,     bend_tones,     refocus,
                                  add_noise, sprinkle, change_colours, light_unevenly};

Image coded(const Image& image, int quality) {
  EncodeOptions options;
  options.jpeg_quality = quality;
  return decode_image(encode_image(image, ImageFormat::kJpeg, options), kName);
}

}  // namespace

Image damaged(const Image& photograph, const Coding& coding, Random& random) {
  Image copy = photograph;
  // Hard coding is a family of its own too.
  const std::uint64_t family = random.below(kFamilies.size() + 1);
  if (family < kFamilies.size()) {
    Picture picture = picture_of(photograph);
    kFamilies[family](picture, random);
    copy = image_of(picture);
  }
  if (family == kFamilies.size() || random.chance(0.3)) {
    copy = coded(copy, static_cast<int>(5 + random.below(55)));
  }
  return coded_again(copy, coding);
}

Image coded_again(const Image& photograph, const Coding& coding) {
  return coding.jpeg_quality ? coded(photograph, *coding.jpeg_quality) : photograph;
}

Coding coding_of(const std::vector<std::uint8_t>& bytes) {
  return {codec::jpeg_quality(bytes)};
}

}  // namespace gradspace
