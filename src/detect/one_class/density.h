// Densities of features: fitted to clean rows, they score rows, larger = less likely.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "detect/one_class/matrix.h"
#include "gradspace/tensor.h"

namespace gradspace {

class Density {
 public:
  virtual ~Density() = default;
  virtual std::vector<double> score(const Matrix& data) const = 0;
};

/// How one is fitted and read back. `what` names the features in messages.
struct DensityKind {
  std::function<TensorMap(const Matrix& data, const std::string& what)> fit;
  std::function<std::unique_ptr<Density>(const TensorMap& tensors)> load;
};

/// For a class with `static TensorMap fit(data, what)` and a constructor from tensors.
template <typename Kind>
DensityKind density_kind() {
  return {&Kind::fit, [](const TensorMap& tensors) { return std::make_unique<Kind>(tensors); }};
}

}  // namespace gradspace
