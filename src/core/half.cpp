#include "core/half.h"

namespace gradspace {

std::size_t to_halves(std::span<const float> values, std::span<std::uint16_t> halves) {
  // What is rounded up to the number after the largest is too large.
  constexpr std::uint32_t kTooLarge = 0x477FF000;  // 65520
  constexpr std::uint32_t kInfinity = 255U << 23;
  std::size_t too_large = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    halves[i] = half_of(values[i]);
    const std::uint32_t size = std::bit_cast<std::uint32_t>(values[i]) & 0x7FFFFFFFU;
    too_large += size >= kTooLarge && size <= kInfinity ? 1 : 0;
  }
  return too_large;
}

void from_halves(std::span<const std::uint16_t> halves, std::span<float> values) {
  for (std::size_t i = 0; i < halves.size(); ++i) {
    values[i] = float_of_half(halves[i]);
  }
}

}  // namespace gradspace
