// Named arrays of float32: the currency between models, files and engines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gradspace/export.h"

namespace gradspace {

/// A dense float32 array, row-major (the last index runs fastest), in PyTorch's order of axes.
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;

  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// By PyTorch parameter name, such as "down.6.weight".
using TensorMap = std::map<std::string, Tensor>;

/// The number of values of a shape. Throws InvalidArgument on a negative extent or on overflow.
GRADSPACE_API std::size_t element_count(const std::vector<std::int64_t>& shape);

/// "[12, 9, 4, 4]", for messages.
GRADSPACE_API std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace gradspace
