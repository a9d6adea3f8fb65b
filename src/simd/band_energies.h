// Energies of pictures in bands of frequency, as many pictures at once as a vector has lanes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "simd/cosine_plan.h"
#include "simd/lane_memory.h"

namespace gradspace {

/// Pictures of one size, one a lane: value i of picture l, of [channels, height, width], stands at [i * lanes + l].
struct LanePictures {
  const float* values;
  const float* subtracted =
      nullptr;  ///< of the same layout: taken away from the values; null for nothing
  std::size_t lanes;
};

/// Each row makes a plane out of three channels.
using ColourMatrix = std::array<std::array<float, 3>, 3>;

/// Which coefficients of the two-dimensional DCT-II belong together. Thread-safe; the memory that it works in is the
/// caller's.
class BandEnergies {
 public:
  /// The band of vertical frequency u and horizontal frequency v; any number from `bands` on is none.
  using BandOf = std::function<std::size_t(std::size_t u, std::size_t v)>;

  /// `channels`: 1 or 3.
  BandEnergies(std::size_t channels, std::size_t height, std::size_t width, std::size_t bands,
               const BandOf& band_of);

  /// log(mean squared coefficient + floor) by channel and band, [channels, bands] vectors of pictures.lanes values.
  /// Three channels become the planes of `colours` first; one is what it is. `memory` is kept from call to call.
  void compute(const LanePictures& pictures, const ColourMatrix& colours, float floor,
               LaneMemory& memory, float* out) const;

  struct Layout {
    std::size_t channels;
    std::size_t height;
    std::size_t width;
    std::size_t bands;
    CosinePlan across;
    CosinePlan down;
    /// Of a strip of columns of coefficients, the vectors of each band, which end at [strip * bands + band].
    std::vector<std::uint32_t> places;
    std::vector<std::size_t> ends;
    std::vector<float> reciprocal_counts;
  };

 private:
  Layout layout_;
};

}  // namespace gradspace
