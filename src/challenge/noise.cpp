// 08 noise: coloured sensor noise.
//
// In sensor terms and linear light: a sample of light L gets normally distributed noise of variance
// shot * L + read^2 (A. Foi, M. Trimeche, V. Katkovnik and K. Egiazarian, "Practical
// Poissonian-Gaussian Noise Modeling and Fitting for Single-Image Raw-Data", IEEE TIP 17(10),
// 2008), then saturates at black and white. Red and blue carry more than green, as white balance
// amplifies them more. In a large frame half the variance is in coarser grain, such as demosaicing
// and denoising leave, so that the noise survives when the frame is looked at as a whole. With sizes in
// pixels all of it is from pixel to pixel, and is added to the stored samples with the deviation that the
// model has there.
#include <algorithm>
#include <cmath>

#include "challenge/blur.h"
#include "challenge/light.h"
#include "challenge/sensor.h"
#include "challenge/types.h"

namespace gradspace::challenge {
namespace {

constexpr ByLevel<float> kShot = {0.0025F, 0.010F, 0.0225F, 0.040F, 0.0625F};
constexpr ByLevel<float> kRead = {0.004F, 0.008F, 0.012F, 0.016F, 0.020F};
/// Amplitude of red, green, blue over green's.
constexpr std::array<float, 3> kChannelGain = {1.35F, 1.0F, 1.6F};
/// With sizes in pixels: the standard deviation in stored samples of mid-grey, root mean square over the channels.
constexpr ByLevel<float> kDeviationPx = {2.0F, 5.0F, 9.0F, 15.0F, 25.0F};
constexpr std::size_t kMidGrey = 128;
/// The shorter side in grains, where it has that many pixels.
constexpr float kGrainsPerSide = 128.0F;

/// Normal numbers of unit variance on a grid of `pitch` pixels, interpolated.
Plane grain(int width, int height, int pitch, NormalSource& normal) {
  Plane coarse((width + pitch - 1) / pitch, (height + pitch - 1) / pitch);
  for (float& sample : coarse.samples()) {
    // Linear interpolation leaves 2/3 of the variance along each axis, averaged over positions.
    sample = 1.5F * normal.next();
  }
  return enlarge(coarse, pitch, width, height);
}

/// Standard deviation by stored sample, in linear light.
std::array<float, 256> amplitudes(const Request& request, float channel_gain) {
  const float shot = at_level(kShot, request);
  const float read = at_level(kRead, request);
  std::array<float, 256> table{};
  for (std::size_t code = 0; code < table.size(); ++code) {
    table[code] = channel_gain * std::sqrt(shot * linear_table()[code] + read * read);
  }
  return table;
}

/// Light between a stored sample and the next.
float light_a_code(std::size_t code) {
  const std::array<float, 256>& linear = linear_table();
  const std::size_t low = code == 0 ? 0 : code - 1;
  const std::size_t high = std::min<std::size_t>(code + 1, 255);
  return (linear[high] - linear[low]) / static_cast<float>(high - low);
}

/// Standard deviation by stored sample, in stored samples: small noise of the model's, as it is after encoding, at the
/// strength that mid-grey is to have.
std::array<float, 256> deviations_px(const Request& request, float channel_gain) {
  std::array<float, 256> table = amplitudes(request, 1.0F);
  for (std::size_t code = 0; code < table.size(); ++code) {
    table[code] /= light_a_code(code);
  }
  const float gain = channel_gain * at_level(kDeviationPx, request) / table[kMidGrey];
  for (float& deviation : table) {
    deviation *= gain;
  }
  return table;
}

/// kChannelGain over its root mean square.
float relative_gain(std::size_t channel) {
  float squares = 0;
  for (const float gain : kChannelGain) {
    squares += gain * gain / 3;
  }
  return kChannelGain[channel] / std::sqrt(squares);
}

/// Added to the stored samples, so that strong noise, too, has the deviation asked for.
Image noise_in_pixels(const Request& request) {
  const Image& image = request.image;
  const auto channels = static_cast<std::size_t>(image.channels());
  NormalSource normal(request.seed);
  Image result(image.width(), image.height(), image.channels());
  for (std::size_t c = 0; c < channels; ++c) {
    const std::array<float, 256> deviations =
        deviations_px(request, channels == 1 ? 1.0F : relative_gain(c));
    for (std::size_t i = c; i < image.pixels().size(); i += channels) {
      const std::uint8_t code = image.pixels()[i];
      result.pixels()[i] = to_sample(static_cast<float>(code) + deviations[code] * normal.next());
    }
  }
  return result;
}

}  // namespace

Image noise(const Request& request) {
  if (request.in_pixels()) {
    return noise_in_pixels(request);
  }
  const Image& image = request.image;
  const std::array<float, 256>& linear = linear_table();
  const SrgbEncoder& encoder = srgb_encoder();
  const auto channels = static_cast<std::size_t>(image.channels());
  const int pitch = std::max(1, static_cast<int>(side_px(request) / kGrainsPerSide + 0.5F));
  NormalSource normal(request.seed);
  Image result(image.width(), image.height(), image.channels());
  for (std::size_t c = 0; c < channels; ++c) {
    const std::array<float, 256> amplitude =
        amplitudes(request, channels == 1 ? 1.0F : kChannelGain[c]);
    const Plane coarse = pitch > 1 ? grain(image.width(), image.height(), pitch, normal)
                                   : Plane(image.width(), image.height(), 0.0F);
    const float fine_share = pitch > 1 ? std::sqrt(0.5F) : 1.0F;
    const float coarse_share = std::sqrt(0.5F);
    const std::uint8_t* in = image.pixels().data() + c;
    std::uint8_t* out = result.pixels().data() + c;
    for (const float grains : coarse.samples()) {
      const float deviate = fine_share * normal.next() + coarse_share * grains;
      *out = to_sample(encoder(linear[*in] + amplitude[*in] * deviate));
      in += channels;
      out += channels;
    }
  }
  return result;
}

}  // namespace gradspace::challenge
