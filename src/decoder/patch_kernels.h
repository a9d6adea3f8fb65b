// The inner loops of preparation.h, with the widest vectors the processor has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradspace::quality {

/// RGB to luma, green and red difference, as to_ygcr. `out` does not overlap `in`.
void ygcr_of_rgb(const std::uint8_t* in, std::size_t pixels, std::uint8_t* out);

/// Adds `count` patches, one after the other, to the kPatchSize sums: value by value, in order.
void add_patches(std::size_t count, const float* patches, double* sums);

/// Takes kPatchSize values off each of `count` patches, in float64.
void subtract_from_patches(std::size_t count, const double* values, float* patches);

}  // namespace gradspace::quality
