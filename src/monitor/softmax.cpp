#include "monitor/softmax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/random.h"
#include "core/round_up.h"
#include "gradspace/error.h"

namespace gradspace::monitor {
namespace {

constexpr float kMostDeviations = 10;
constexpr std::uint64_t kEpochs = 40;
constexpr std::uint32_t kBatch = 64;
constexpr std::size_t kLanes = 16;
constexpr float kLearningRate = 0.003F;
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

/// Adds what one row says, times `share`. Weights and gradient are [columns + 1, lanes].
void add_gradient(std::span<const float> row, std::uint32_t label, std::size_t classes, float share,
                  std::span<const float> weights, std::span<float> gradient) {
  const std::size_t lanes = weights.size() / (row.size() + 1);
  std::vector<float> delta(weights.end() - static_cast<std::ptrdiff_t>(lanes), weights.end());
  for (std::size_t k = 0; k < row.size(); ++k) {
    for (std::size_t c = 0; c < lanes; ++c) {
      delta[c] += row[k] * weights[k * lanes + c];
    }
  }
  delta.resize(classes);
  normalise(delta);
  delta[label] -= 1;
  delta.resize(lanes);
  for (float& value : delta) {
    value *= share;
  }
  for (std::size_t k = 0; k < row.size(); ++k) {
    for (std::size_t c = 0; c < lanes; ++c) {
      gradient[k * lanes + c] += row[k] * delta[c];
    }
  }
  for (std::size_t c = 0; c < lanes; ++c) {
    gradient[row.size() * lanes + c] += delta[c];
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
  std::vector<float> inputs;
  std::vector<std::uint32_t> labels;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    if (use[i]) {
      inputs.resize(inputs.size() + columns);
      result.standardise(rows.row(i), std::span(inputs).last(columns));
      labels.push_back(rows.labels[i]);
    }
  }
  // Weights by column, then the bias, each with room for kLanes classes, so that sums run along classes.
  const std::size_t lanes = round_up_to(kLanes, classes);
  std::vector<float> weights((columns + 1) * lanes);
  std::vector<float> gradient(weights.size());
  Descent descent(weights.size());
  const auto count = static_cast<std::uint32_t>(labels.size());
  int step = 0;
  for (std::uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const std::vector<std::uint32_t> order = permutation(count, epoch);
    for (std::uint32_t first = 0; first < count; first += kBatch) {
      const std::uint32_t end = std::min(first + kBatch, count);
      std::ranges::transform(weights, gradient.begin(), [](float w) { return kDecay * w; });
      for (std::uint32_t i = first; i < end; ++i) {
        add_gradient(std::span(inputs).subspan(order[i] * columns, columns), labels[order[i]],
                     classes, 1 / static_cast<float>(end - first), weights, gradient);
      }
      descent.step(gradient, ++step, weights);
    }
  }
  for (std::size_t c = 0; c < classes; ++c) {
    for (std::size_t k = 0; k < columns; ++k) {
      result.weight_.push_back(weights[k * lanes + c]);
    }
    result.bias_.push_back(weights[columns * lanes + c]);
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
