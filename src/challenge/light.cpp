#include "challenge/light.h"

#include <cmath>

namespace gradspace::challenge {
namespace {

/// Tables keep so few bits that the last bit of a processor's pow does not show in any image.
float rounded(double value, double step) {
  return static_cast<float>(std::round(value / step) * step);
}

}  // namespace

const std::array<float, 256>& linear_table() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> values{};
    for (std::size_t code = 0; code < values.size(); ++code) {
      const double v = static_cast<double>(code) / 255.0;
      const double linear = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
      values[code] = rounded(linear, 0x1p-23);
    }
    return values;
  }();
  return table;
}

SrgbEncoder::SrgbEncoder() : codes_{} {
  for (std::size_t i = 0; i < codes_.size(); ++i) {
    const double linear = std::min(1.0, static_cast<double>(i) / kIntervals);
    const double v =
        linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1.0 / 2.4) - 0.055;
    codes_[i] = rounded(255.0 * v, 0x1p-14);
  }
}

const SrgbEncoder& srgb_encoder() {
  static const SrgbEncoder encoder;
  return encoder;
}

float linear_of_code(float code) {
  const std::array<float, 256>& table = linear_table();
  const auto index = static_cast<std::size_t>(std::clamp(code, 0.0F, 254.0F));
  return table[index] + (code - static_cast<float>(index)) * (table[index + 1] - table[index]);
}

float encoded_gain(float gain) {
  return std::pow(gain, 1.0F / 2.4F);
}

Planes through_table(const Image& image, const std::array<float, 256>& table) {
  const auto channels = static_cast<std::size_t>(image.channels());
  Planes planes;
  planes.reserve(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    Plane& plane = planes.emplace_back(image.width(), image.height());
    const std::uint8_t* source = image.pixels().data() + c;
    for (float& sample : plane.samples()) {
      sample = table[*source];
      source += channels;
    }
  }
  return planes;
}

Planes to_linear(const Image& image) {
  return through_table(image, linear_table());
}

}  // namespace gradspace::challenge
