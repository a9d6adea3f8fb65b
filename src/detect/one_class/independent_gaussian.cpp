#include "detect/one_class/independent_gaussian.h"

namespace gradspace {

TensorMap IndependentGaussian::fit(const Matrix& data, const std::string& what) {
  TensorMap tensors;
  Standardiser::fit(data, what).store(tensors);
  return tensors;
}

TensorMap IndependentGaussian::fit_moments(const Moments& moments, const std::string& what) {
  TensorMap tensors;
  Standardiser::fit(moments, what).store(tensors);
  return tensors;
}

void IndependentGaussian::score_into(const Matrix& data, DensityMemory& memory,
                                     std::span<double> scores) const {
  const Matrix& standard = memory.standard;
  standardiser_.apply(data, memory.standard);
  for (std::size_t i = 0; i < standard.rows; ++i) {
    double sum = 0;
    for (const double value : standard.row(i)) {
      sum += value * value;
    }
    scores[i] = sum / 2;
  }
}

}  // namespace gradspace
