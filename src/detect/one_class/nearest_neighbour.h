// Distance to the nearest clean image in standardised features (k nearest neighbours with k = 1: more
// neighbours were no better on validation images, see docs/one-class.md).
#pragma once

#include "detect/one_class/density.h"
#include "detect/one_class/row_products.h"

namespace gradspace {

/// More clean rows than this are thinned evenly: time and memory of a score grow with them.
inline constexpr std::size_t kMaxNeighbours = 8192;

class NearestNeighbour : public Density {
 public:
  static TensorMap fit(const Matrix& data, const std::string& what);
  /// From "mean", "scale" and "neighbours".
  explicit NearestNeighbour(const TensorMap& tensors);

  /// Euclidean distances. O(neighbours x features) an image.
  void score_into(const Matrix& data, DensityMemory& memory,
                  std::span<double> scores) const override;

 private:
  Standardiser standardiser_;
  PanelMatrix neighbours_;       ///< transposed, [features, count]
  std::vector<double> squares_;  ///< of each neighbour's length
};

}  // namespace gradspace
