// Between stored samples and linear light, by the sRGB transfer function (IEC 61966-2-1).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "challenge/plane.h"
#include "gradspace/image.h"

namespace gradspace::challenge {

/// BT.709 weights of linear R, G and B in luminance.
inline constexpr std::array<float, 3> kLuminanceWeights = {0.2126F, 0.7152F, 0.0722F};

/// Linear light, 0 to 1, of each stored sample.
const std::array<float, 256>& linear_table();

/// Encodes linear light: a table with linear interpolation, within 0.01 of the exact code.
class SrgbEncoder {
 public:
  SrgbEncoder();

  /// The stored sample, 0 to 255, not rounded, of linear light; anything outside 0 to 1 is clipped.
  float operator()(float linear) const {
    const float position = std::min(std::max(linear, 0.0F), 1.0F) * kIntervals;
    const auto index = static_cast<std::size_t>(static_cast<int>(position));
    const float fraction = position - static_cast<float>(static_cast<int>(position));
    return codes_[index] + fraction * (codes_[index + 1] - codes_[index]);
  }

 private:
  static constexpr int kIntervals = 4096;
  std::array<float, kIntervals + 2> codes_;
};

const SrgbEncoder& srgb_encoder();

/// Linear light of a sample between stored ones, 0 to 255: linear interpolation in the table.
float linear_of_code(float code);

/// The gain that small differences in stored samples go through when light is multiplied by `gain`.
/// sRGB's curve is close to a power law, for which it is the same at every brightness.
float encoded_gain(float gain);

/// Rounds and clips to a stored sample.
inline std::uint8_t to_sample(float code) {
  return static_cast<std::uint8_t>(static_cast<int>(std::min(std::max(code, 0.0F), 255.0F) + 0.5F));
}

/// The image's channels, each sample looked up.
Planes through_table(const Image& image, const std::array<float, 256>& table);

/// The image's channels in linear light.
Planes to_linear(const Image& image);

}  // namespace gradspace::challenge
