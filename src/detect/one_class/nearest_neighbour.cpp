#include "detect/one_class/nearest_neighbour.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/tensor_of_shape.h"
#include "gradspace/error.h"

namespace gradspace {
TensorMap NearestNeighbour::fit(const Matrix& data, const std::string& what) {
  const Standardiser standardiser = Standardiser::fit(data, what);
  const Matrix standard = standardiser.apply(data);
  const std::size_t count = std::min(data.rows, kMaxNeighbours);
  TensorMap tensors;
  standardiser.store(tensors);
  Tensor& neighbours = tensors["neighbours"];
  neighbours.shape = {static_cast<std::int64_t>(count), static_cast<std::int64_t>(data.columns)};
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = standard.row(i * data.rows / count);
    neighbours.values.insert(neighbours.values.end(), row.begin(), row.end());
  }
  return tensors;
}

NearestNeighbour::NearestNeighbour(const TensorMap& tensors)
    : standardiser_(Standardiser::load(tensors)) {
  const std::size_t d = standardiser_.columns();
  const Tensor& neighbours =
      tensor_of_shape(tensors, "neighbours", {-1, static_cast<std::int64_t>(d)}, "detector");
  const auto count = static_cast<std::size_t>(neighbours.shape[0]);
  if (count == 0) {
    throw InvalidArgument("detector: it holds no neighbours");
  }
  std::vector<float> transposed(count * d);
  squares_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      const float value = neighbours.values[i * d + k];
      transposed[k * count + i] = value;
      squares_[i] += static_cast<double>(value) * value;
    }
  }
  neighbours_ = PanelMatrix(d, count, transposed);
}

void NearestNeighbour::score_into(const Matrix& data, DensityMemory& memory,
                                  std::span<double> scores) const {
  const Matrix& standard = memory.standard;
  standardiser_.apply(data, memory.standard);
  for_each_product(standard, neighbours_, memory, [&](std::size_t i, std::span<const float> row) {
    double own = 0;
    for (const double value : standard.row(i)) {
      own += value * value;
    }
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < squares_.size(); ++k) {
      least = std::min(least, own + squares_[k] - 2.0 * row[k]);
    }
    scores[i] = std::sqrt(std::max(0.0, least));
  });
}

}  // namespace gradspace
