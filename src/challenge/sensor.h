// The camera behind the optics: its noise, and the way from linear light back to stored samples.
//
// In a camera the optics come before the sensor. A blur, dirt or haze applied to a finished picture
// also wipes out the noise its sensor had added, and a detector may then find the missing noise
// instead of the challenge. So what acts on light gets the image's own noise floor back, in the
// measure in which it took it away.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "challenge/plane.h"
#include "challenge/types.h"
#include "core/random.h"

namespace gradspace::challenge {

/// Normally distributed numbers, fast: 12 random bits select one of 4096 quantiles (a midpoint
/// each, scaled to unit variance), so that 64 random bits give five numbers within +-3.7.
class NormalSource {
 public:
  explicit NormalSource(std::uint64_t seed) : random_(seed) {}

  float next() {
    if (left_ == 0) {
      bits_ = random_.next();
      left_ = 5;
    }
    --left_;
    const float value = (*table_)[bits_ & 4095U];
    bits_ >>= 12U;
    return value;
  }

 private:
  using Table = std::array<float, 4096>;
  static const Table& quantiles();

  Random random_;
  std::uint64_t bits_ = 0;
  int left_ = 0;
  const Table* table_ = &quantiles();
};

/// Standard deviation of the noise in one channel, in stored samples. The mask of J. Immerkaer,
/// "Fast Noise Variance Estimation" (CVIU 64(2), 1996), which planes and straight edges leave at
/// zero, over blocks of 4x4; the smoothest tenth of the blocks counts, for texture only adds to a
/// block's response (A. Amer and E. Dubois, "Fast and reliable structure-oriented video noise
/// estimation", IEEE TCSVT 15(1), 2005, choose blocks in the same spirit). Blocks with clipped
/// samples are passed over; 0 when no block is left.
float noise_sigma(const Image& image, int channel);

/// The noise floor of one image and the way from linear light to the finished picture.
class Sensor {
 public:
  /// Measures the image's floor; with post_production there is none.
  explicit Sensor(const Request& request);

  /// Encodes `linear`. `kept` is the gain that the image's own noise amplitude went through on its
  /// way, at most 1 and the same for all pixels, or a gain a pixel.
  Image develop(const Planes& linear, float kept) const;
  Image develop(const Planes& linear, const Plane& kept) const;

 private:
  std::array<float, 3> sigma_{};
  std::uint64_t seed_;
};

}  // namespace gradspace::challenge
