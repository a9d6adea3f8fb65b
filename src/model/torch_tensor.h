// From a checkpoint's raw storages to float32 tensors.
#pragma once

#include <cstdint>

#include "gradspace/tensor.h"
#include "model/pickle.h"
#include "model/torch_archive.h"

namespace gradspace {

/// IEEE 754 binary16, exactly; subnormals, infinities and NaN included.
float half_to_float(std::uint16_t bits);

/// Reads the values of `view` in row-major order, whatever its strides; half, bfloat16 and double
/// become float. The caller has seen that the shape is one it wants: memory is allocated for it.
/// Throws FormatError, starting with `name`, for whole numbers, and when the view reaches outside
/// its storage or the storage is not of the size it claims.
Tensor load_tensor(const TorchArchive& archive, const pickle::TensorView& view,
                   std::string_view name);

}  // namespace gradspace
