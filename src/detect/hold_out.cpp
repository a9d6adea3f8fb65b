#include "detect/hold_out.h"

#include "core/random.h"

namespace gradspace {

HeldOutPositions hold_out_positions(std::size_t count, std::uint64_t seed, HoldOutOf what) {
  constexpr std::size_t kEvery = 5;
  const auto order = permutation(static_cast<std::uint32_t>(count),
                                 combine(seed, static_cast<std::uint64_t>(what)));
  HeldOutPositions positions;
  for (std::size_t i = 0; i < order.size(); ++i) {
    (i % kEvery == kEvery - 1 ? positions.held : positions.kept).push_back(order[i]);
  }
  return positions;
}

}  // namespace gradspace
