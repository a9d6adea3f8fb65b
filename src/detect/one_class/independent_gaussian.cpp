#include "detect/one_class/independent_gaussian.h"

namespace gradspace {

TensorMap IndependentGaussian::fit(const Matrix& data, const std::string& what) {
  TensorMap tensors;
  Standardiser::fit(data, what).store(tensors);
  return tensors;
}

std::vector<double> IndependentGaussian::score(const Matrix& data) const {
  const Matrix standard = standardiser_.apply(data);
  std::vector<double> scores;
  scores.reserve(data.rows);
  for (std::size_t i = 0; i < standard.rows; ++i) {
    double sum = 0;
    for (const double value : standard.row(i)) {
      sum += value * value;
    }
    scores.push_back(sum / 2);
  }
  return scores;
}

}  // namespace gradspace
