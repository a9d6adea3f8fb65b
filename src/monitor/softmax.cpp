#include "monitor/softmax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gradspace/error.h"

namespace gradspace::monitor {
namespace {

constexpr float kMostDeviations = 10;
constexpr int kIterations = 300;
constexpr float kLearningRate = 0.02F;
/// Of the squared weights: there are hardly more rows than numbers.
constexpr float kDecay = 1e-3F;

/// Adam for one array.
class Descent {
 public:
  explicit Descent(std::size_t size) : first_(size), second_(size) {}

  void step(std::span<const float> gradient, int iteration, std::span<float> values) {
    const float slow = 1 - std::pow(0.9F, static_cast<float>(iteration));
    const float slower = 1 - std::pow(0.999F, static_cast<float>(iteration));
    for (std::size_t i = 0; i < values.size(); ++i) {
      first_[i] = 0.9F * first_[i] + 0.1F * gradient[i];
      second_[i] = 0.999F * second_[i] + 0.001F * gradient[i] * gradient[i];
      values[i] -= kLearningRate * (first_[i] / slow) / (std::sqrt(second_[i] / slower) + 1e-8F);
    }
  }

 private:
  std::vector<float> first_;
  std::vector<float> second_;
};

float dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

/// Logits become probabilities.
template <typename Value>
void normalise(std::vector<Value>& logits) {
  const Value highest = *std::ranges::max_element(logits);
  Value sum = 0;
  for (Value& value : logits) {
    value = std::exp(value - highest);
    sum += value;
  }
  for (Value& value : logits) {
    value /= sum;
  }
}

const Tensor& tensor_named(const TensorMap& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw InvalidArgument(fmt::format("causes: the tensor {} is missing", name));
  }
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (!std::ranges::all_of(found->second.values, is_finite)) {
    throw InvalidArgument(
        fmt::format("causes: the tensor {} has values that are not finite", name));
  }
  return found->second;
}

}  // namespace

void ClassRows::add(std::span<const float> row, std::uint32_t label) {
  columns = row.size();
  values.insert(values.end(), row.begin(), row.end());
  labels.push_back(label);
}

void Softmax::learn_scale(const ClassRows& rows, const std::vector<bool>& use) {
  std::vector<double> sum(rows.columns);
  std::vector<double> squares(rows.columns);
  double count = 0;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    if (use[i]) {
      const std::span<const float> row = rows.row(i);
      for (std::size_t k = 0; k < row.size(); ++k) {
        sum[k] += row[k];
        squares[k] += double{row[k]} * row[k];
      }
      ++count;
    }
  }
  for (std::size_t k = 0; k < rows.columns; ++k) {
    const double mean = sum[k] / count;
    const double variance = std::max(0.0, squares[k] / count - mean * mean);
    mean_.push_back(static_cast<float>(mean));
    deviation_.push_back(static_cast<float>(variance > 1e-12 ? std::sqrt(variance) : 1));
  }
}

void Softmax::standardise(std::span<const float> row, std::span<float> out) const {
  for (std::size_t k = 0; k < row.size(); ++k) {
    out[k] = std::clamp((row[k] - mean_[k]) / deviation_[k], -kMostDeviations, kMostDeviations);
  }
}

Softmax Softmax::fit(const ClassRows& rows, std::size_t classes, const std::vector<bool>& use) {
  Softmax result;
  result.learn_scale(rows, use);
  const std::size_t columns = rows.columns;
  result.weight_.resize(classes * columns);
  result.bias_.resize(classes);
  std::vector<float> inputs;
  std::vector<std::uint32_t> labels;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    if (use[i]) {
      inputs.resize(inputs.size() + columns);
      result.standardise(rows.row(i), std::span(inputs).last(columns));
      labels.push_back(rows.labels[i]);
    }
  }
  Descent weights(result.weight_.size());
  Descent biases(classes);
  std::vector<float> weight_gradient(result.weight_.size());
  std::vector<float> bias_gradient(classes);
  std::vector<float> delta(classes);
  const float share = 1 / static_cast<float>(labels.size());
  for (int iteration = 1; iteration <= kIterations; ++iteration) {
    for (std::size_t i = 0; i < weight_gradient.size(); ++i) {
      weight_gradient[i] = kDecay * result.weight_[i];
    }
    std::ranges::fill(bias_gradient, 0.0F);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::span<const float> row = std::span(inputs).subspan(i * columns, columns);
      for (std::size_t c = 0; c < classes; ++c) {
        delta[c] =
            result.bias_[c] + dot(std::span(result.weight_).subspan(c * columns, columns), row);
      }
      normalise(delta);
      delta[labels[i]] -= 1;
      for (std::size_t c = 0; c < classes; ++c) {
        const float step = delta[c] * share;
        bias_gradient[c] += step;
        float* const gradient = &weight_gradient[c * columns];
        for (std::size_t k = 0; k < columns; ++k) {
          gradient[k] += step * row[k];
        }
      }
    }
    weights.step(weight_gradient, iteration, result.weight_);
    biases.step(bias_gradient, iteration, result.bias_);
  }
  return result;
}

Softmax Softmax::load(const TensorMap& tensors, const std::string& prefix) {
  Softmax result;
  const Tensor& weight = tensor_named(tensors, prefix + ".weight");
  result.weight_ = weight.values;
  result.bias_ = tensor_named(tensors, prefix + ".bias").values;
  result.mean_ = tensor_named(tensors, prefix + ".mean").values;
  result.deviation_ = tensor_named(tensors, prefix + ".deviation").values;
  const bool fits = !result.bias_.empty() && !result.mean_.empty() &&
                    result.weight_.size() == result.bias_.size() * result.mean_.size() &&
                    result.deviation_.size() == result.mean_.size();
  if (!fits || std::ranges::any_of(result.deviation_, [](float value) { return value <= 0; })) {
    throw InvalidArgument(fmt::format("causes: the tensors {}.* do not fit together", prefix));
  }
  return result;
}

void Softmax::store(TensorMap& tensors, const std::string& prefix) const {
  const auto columns = static_cast<std::int64_t>(mean_.size());
  const auto classes = static_cast<std::int64_t>(bias_.size());
  tensors[prefix + ".weight"] = {{classes, columns}, weight_};
  tensors[prefix + ".bias"] = {{classes}, bias_};
  tensors[prefix + ".mean"] = {{columns}, mean_};
  tensors[prefix + ".deviation"] = {{columns}, deviation_};
}

std::vector<double> Softmax::probabilities(std::span<const float> row) const {
  if (row.size() != columns()) {
    throw InvalidArgument(
        fmt::format("causes: a frame is described by {} numbers, not {}", columns(), row.size()));
  }
  std::vector<float> standardised(columns());
  standardise(row, standardised);
  std::vector<double> result(classes());
  for (std::size_t c = 0; c < classes(); ++c) {
    result[c] = bias_[c];
    for (std::size_t k = 0; k < columns(); ++k) {
      result[c] += double{weight_[c * columns() + k]} * standardised[k];
    }
  }
  normalise(result);
  return result;
}

}  // namespace gradspace::monitor
