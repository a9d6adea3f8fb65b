// Cameras made of photographs, with faults that come and go.
#pragma once

#include <cstdint>
#include <optional>

#include "gradspace/challenge.h"
#include "gradspace/image.h"

namespace gradspace::monitor {

/// What is wrong with a simulated camera for some of its frames.
struct SimulatedFault {
  std::uint64_t first_frame = 0;  ///< from 0
  std::uint64_t frames = 0;
  challenge::Type type = challenge::Type::kRain;
  int level = 3;
};

/// The faults of a seed, one after the other, without end. For one thread at a time.
class FaultScript {
 public:
  explicit FaultScript(std::uint64_t seed) : seed_(seed) { advance(); }

  /// The fault of a frame; nothing for a clean one. Frames are asked for in ascending order.
  std::optional<SimulatedFault> at(std::uint64_t frame);

 private:
  void advance();

  std::uint64_t seed_;
  std::uint64_t number_ = 0;
  SimulatedFault next_ = {};
};

/// The fault put over a view of the frame of this number. Dirt stays where it is, rain falls.
Image with_fault(const Image& view, const SimulatedFault& fault, std::uint64_t seed,
                 std::uint64_t frame);

}  // namespace gradspace::monitor
