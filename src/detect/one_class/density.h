// Densities of features: fitted to clean rows, they score rows, larger = less likely.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "detect/one_class/matrix.h"
#include "gradspace/tensor.h"

namespace gradspace {

/// Memory that densities work in, kept from call to call; for one thread at a time.
struct DensityMemory {
  Matrix standard;
  std::vector<float> left;
  std::vector<float> products;
};

class Density {
 public:
  virtual ~Density() = default;
  /// One score a row of `data`.
  virtual void score_into(const Matrix& data, DensityMemory& memory,
                          std::span<double> scores) const = 0;

  std::vector<double> score(const Matrix& data) const {
    DensityMemory memory;
    std::vector<double> scores(data.rows);
    score_into(data, memory, scores);
    return scores;
  }
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
