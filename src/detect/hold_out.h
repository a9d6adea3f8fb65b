// Images that are held out of training where nobody gave others: every fifth in a seeded random order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradspace {

/// What is split, so that one seed splits different things differently. The numbers are part of the
/// results: they go into the seed.
enum class HoldOutOf : std::uint64_t {
  kInliers = 101,   ///< rows or images of the clean class, for validation
  kOutliers = 102,  ///< rows of the other class, for validation
  kCalibration =
      103,  ///< clean training images of a method that calibrates its parts on some of them
};

struct HeldOutPositions {
  std::vector<std::uint32_t> kept;  ///< in their random order
  std::vector<std::uint32_t> held;  ///< the same
};

/// Of positions 0 to count - 1.
HeldOutPositions hold_out_positions(std::size_t count, std::uint64_t seed, HoldOutOf what);

}  // namespace gradspace
