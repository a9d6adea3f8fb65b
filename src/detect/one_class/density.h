// Densities of features: fitted to clean rows, they score rows, larger = less likely.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "detect/one_class/matrix.h"
#include "gradspace/moments.h"
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
  /// The same detector from the moments of the data, but for rounding; empty where it takes the rows themselves.
  std::function<TensorMap(const Moments& moments, const std::string& what)> fit_moments = {};
};

/// For a class with `static TensorMap fit(data, what)`, a constructor from tensors, and where it can be fitted to
/// moments `static TensorMap fit_moments(moments, what)`.
template <typename Kind>
DensityKind density_kind() {
  DensityKind kind{&Kind::fit,
                   [](const TensorMap& tensors) { return std::make_unique<Kind>(tensors); }};
  if constexpr (requires { &Kind::fit_moments; }) {
    kind.fit_moments = &Kind::fit_moments;
  }
  return kind;
}

}  // namespace gradspace
