#include "core/tensor_of_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradspace/error.h"

namespace gradspace {

bool is_finite(const Tensor& tensor) {
  return std::ranges::all_of(tensor.values, [](float value) { return std::isfinite(value); });
}

const Tensor& tensor_of_shape(const TensorMap& tensors, const std::string& name,
                              const std::vector<std::int64_t>& shape, std::string_view owner) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw InvalidArgument(fmt::format("{}: tensor \"{}\" is missing", owner, name));
  }
  const Tensor& tensor = found->second;
  bool fits = tensor.shape.size() == shape.size();
  for (std::size_t i = 0; i < shape.size() && fits; ++i) {
    fits = shape[i] == -1 || shape[i] == tensor.shape[i];
  }
  if (!fits) {
    throw InvalidArgument(fmt::format("{}: tensor \"{}\" has shape {}, wanted {}", owner, name,
                                      shape_text(tensor.shape), shape_text(shape)));
  }
  if (!is_finite(tensor)) {
    throw InvalidArgument(
        fmt::format("{}: tensor \"{}\" holds a value that is not finite", owner, name));
  }
  return tensor;
}

}  // namespace gradspace
