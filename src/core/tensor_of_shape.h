// What is asked of tensors: that they are of a shape, where it is known beforehand, and that they hold numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/tensor.h"

namespace gradspace {

/// Whether all of its values are: no infinity, no NaN.
bool is_finite(const Tensor& tensor);

/// The tensor called `name`, which must have the given shape (-1 stands for any extent). Throws
/// InvalidArgument when it is missing, of another shape, or holds a value that is not finite; the
/// message begins with `owner` ("detector", "classifier").
const Tensor& tensor_of_shape(const TensorMap& tensors, const std::string& name,
                              const std::vector<std::int64_t>& shape, std::string_view owner);

}  // namespace gradspace
