// The sums over scales of phase congruency, a row at a time, with the widest vectors the processor has.
#pragma once

#include <array>
#include <cstddef>

namespace gradspace::quality {

inline constexpr std::size_t kPhaseScales = 4;

/// A row of the responses of one orientation's filters, by scale: to even waves and to odd ones.
struct PhaseResponses {
  std::array<const float*, kPhaseScales> even;
  std::array<const float*, kPhaseScales> odd;
};

/// Adds the local energy that is over `threshold` to `energy`, and the amplitudes' sum to `amplitude`.
/// Places past `size` up to the next multiple of 16 are read and written as well. All rows are aligned.
void add_phase_energy(const PhaseResponses& responses, float threshold, float* energy,
                      float* amplitude, std::size_t size);

}  // namespace gradspace::quality
