#include "detect/one_class/kernel_density.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/tensor_of_shape.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// More clean rows are thinned evenly: memory and time of a score grow with them.
constexpr std::size_t kMaxSamples = 8192;

}  // namespace

TensorMap KernelDensity::fit(const Matrix& data, const std::string& what) {
  const Standardiser standardiser = Standardiser::fit(data, what);
  const Matrix standard = standardiser.apply(data);
  const std::size_t count = std::min(data.rows, kMaxSamples);
  TensorMap tensors;
  standardiser.store(tensors);
  Tensor& samples = tensors["samples"];
  samples.shape = {static_cast<std::int64_t>(data.columns), static_cast<std::int64_t>(count)};
  for (std::size_t k = 0; k < data.columns; ++k) {
    for (std::size_t i = 0; i < count; ++i) {
      samples.values.push_back(static_cast<float>(standard.row(i * data.rows / count)[k]));
    }
  }
  return tensors;
}

KernelDensity::KernelDensity(const TensorMap& tensors)
    : standardiser_(Standardiser::load(tensors)) {
  const auto columns = static_cast<std::int64_t>(standardiser_.columns());
  const Tensor& samples = tensor_of_shape(tensors, "samples", {columns, -1}, "detector");
  count_ = static_cast<std::size_t>(samples.shape[1]);
  if (count_ == 0) {
    throw InvalidArgument("detector: it holds no samples");
  }
  samples_ = samples.values;
}

double KernelDensity::column_score(std::size_t k, double place) const {
  const double inverse_width = std::pow(static_cast<double>(count_), 0.2);
  const auto samples = std::span(samples_).subspan(k * count_, count_);
  // The nearest sample's kernel is taken out of the sum, which then never underflows.
  double nearest = std::abs(place - samples.front());
  for (const double sample : samples) {
    nearest = std::min(nearest, std::abs(place - sample));
  }
  const double least = std::pow(nearest * inverse_width, 2) / 2;
  double sum = 0;
  for (const double sample : samples) {
    sum += std::exp(least - std::pow((place - sample) * inverse_width, 2) / 2);
  }
  return least - std::log(sum / static_cast<double>(count_));
}

void KernelDensity::score_into(const Matrix& data, DensityMemory& memory,
                               std::span<double> scores) const {
  const Matrix& standard = memory.standard;
  standardiser_.apply(data, memory.standard);
  for (std::size_t i = 0; i < data.rows; ++i) {
    scores[i] = 0;
    for (std::size_t k = 0; k < data.columns; ++k) {
      scores[i] += column_score(k, standard.row(i)[k]);
    }
  }
}

}  // namespace gradspace
