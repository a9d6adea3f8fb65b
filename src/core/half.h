// Numbers of 16 bits: IEEE 754's binary16, NumPy's float16.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gradspace {

/// The largest of them.
inline constexpr float kMostHalf = 65504;

/// The nearest of them, of two as near the even one. What is larger than the largest, infinity among it, becomes the
/// largest of its sign; NaN stays NaN.
constexpr std::uint16_t half_of(float value) {
  constexpr std::uint32_t kHalfPlaces = 13;  // fewer that the fraction has
  constexpr std::uint32_t kBias = (127U - 15U) << 23;
  constexpr std::uint32_t kSmallestNormal = 113U << 23;  // 2^-14
  constexpr std::uint32_t kInfinity = 255U << 23;
  constexpr std::uint32_t kMost = 0x7BFF;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000U;
  const std::uint32_t size = bits & 0x7FFFFFFFU;
  const std::uint32_t rounded = size + 0xFFFU + (size >> kHalfPlaces & 1U);
  const std::uint32_t normal = (rounded - kBias) >> kHalfPlaces;
  // Between 1/2 and 1 numbers of 32 bits are 2^-24 apart, as the smallest of 16 bits are.
  const std::uint32_t small =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(size & 0x3FFFFFFFU) + 0.5F) -
      std::bit_cast<std::uint32_t>(0.5F);
  std::uint32_t half = size < kSmallestNormal ? small : normal;
  half = size >= kSmallestNormal && half > kMost ? kMost : half;
  half = size > kInfinity ? 0x7E00U : half;
  return static_cast<std::uint16_t>(sign | half);
}

/// The same number in 32 bits.
constexpr float float_of_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t exponent = half & 0x7C00U;
  const std::uint32_t shifted = static_cast<std::uint32_t>(half & 0x7FFFU) << 13;
  const std::uint32_t normal = shifted + ((127U - 15U) << 23);
  const float small =
      std::bit_cast<float>(shifted + (113U << 23)) - std::bit_cast<float>(113U << 23);
  std::uint32_t bits = exponent == 0 ? std::bit_cast<std::uint32_t>(small) : normal;
  bits = exponent == 0x7C00U ? shifted + ((255U - 31U) << 23) : bits;
  return std::bit_cast<float>(sign | bits);
}

/// As many as there are `values`. Returns how many of these were larger than the largest.
std::size_t to_halves(std::span<const float> values, std::span<std::uint16_t> halves);

/// As many as there are `halves`.
void from_halves(std::span<const std::uint16_t> halves, std::span<float> values);

}  // namespace gradspace
