// Values of NumPy's files as float32.
#pragma once

#include <cstdint>
#include <span>

#include "gradspace/npy.h"

namespace gradspace {

/// Whether values of a type may be read as float32.
bool is_floating(NpyType type);

/// As many as there are `values`, of a floating type, out of bytes that may begin at any address. What float32 can't
/// hold becomes infinite.
void copy_npy_values(std::span<const std::uint8_t> data, NpyType type, std::span<float> values);

}  // namespace gradspace
