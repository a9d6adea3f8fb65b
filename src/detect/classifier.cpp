#include "gradspace/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/random.h"
#include "detect/perceptron.h"
#include "detect/score_memory.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Rows scored at a time.
constexpr std::size_t kChunkRows = 256;

double sigmoid(double logit) {
  return 1 / (1 + std::exp(-logit));
}

/// -log sigmoid(logit) for label 1, -log(1 - sigmoid(logit)) for label 0, at most 100 as in
/// PyTorch.
double binary_cross_entropy(double logit, bool in_distribution) {
  const double x = in_distribution ? -logit : logit;
  const double loss = x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  return std::min(loss, 100.0);
}

class Adam {
 public:
  Adam(std::span<const Linear> layers, double learning_rate) : learning_rate_(learning_rate) {
    for (const Linear& linear : layers) {
      mean_.emplace_back(linear.values.size());
      square_.emplace_back(linear.values.size());
    }
  }

  void step(std::span<Linear> layers, const Gradients& gradients) {
    ++steps_;
    const auto correction1 = 1 - std::pow(kBeta1, steps_);
    const auto correction2 = std::sqrt(1 - std::pow(kBeta2, steps_));
    const auto rate = static_cast<float>(learning_rate_ / correction1);
    const auto scale = static_cast<float>(1 / correction2);
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      const std::vector<float>& gradient = gradients[layer];
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        float& mean = mean_[layer][i];
        float& square = square_[layer][i];
        mean += static_cast<float>(1 - kBeta1) * (gradient[i] - mean);
        square += static_cast<float>(1 - kBeta2) * (gradient[i] * gradient[i] - square);
        layers[layer].values[i] -= rate * mean / (std::sqrt(square) * scale + kEpsilon);
      }
    }
  }

 private:
  static constexpr double kBeta1 = 0.9;
  static constexpr double kBeta2 = 0.999;
  static constexpr float kEpsilon = 1e-8F;

  double learning_rate_;
  int steps_ = 0;
  std::vector<std::vector<float>> mean_;
  std::vector<std::vector<float>> square_;
};

/// Mean loss of one set whose images all have one label.
double mean_loss(const Perceptron& network, const FeatureView& features, bool in_distribution) {
  Activations activations;
  double sum = 0;
  for (std::size_t first = 0; first < features.rows;) {
    const FeatureView run = features.run(first, kChunkRows);
    network.forward(run.values, run.stride, run.rows, activations);
    for (std::size_t row = 0; row < run.rows; ++row) {
      sum += binary_cross_entropy(activations.back()[row], in_distribution);
    }
    first += run.rows;
  }
  return sum / static_cast<double>(features.rows);
}

void require_features(const FeatureView& features, std::size_t dimension, const char* which) {
  if (features.rows == 0) {
    throw InvalidArgument(fmt::format("classifier: the {} set is empty", which));
  }
  if (features.dimension != dimension) {
    throw InvalidArgument(fmt::format("classifier: the {} set has {} features an image, wanted {}",
                                      which, features.dimension, dimension));
  }
  for (std::size_t i = 0; i < features.rows; ++i) {
    for (const float value : features.row(i)) {
      if (!std::isfinite(value)) {
        throw InvalidArgument(fmt::format(
            "classifier: row {} of the {} set holds a value that is not finite", i, which));
      }
    }
  }
}

/// One pass over the longer set; returns the mean training loss.
double train_epoch(Perceptron& network, Adam& adam, const FeatureView& in, const FeatureView& out,
                   const ClassifierOptions& options, std::uint64_t epoch_seed) {
  const std::size_t dimension = in.dimension;
  const std::size_t longer = std::max(in.rows, out.rows);
  const auto in_order = permutation(static_cast<std::uint32_t>(in.rows), combine(epoch_seed, 1));
  const auto out_order = permutation(static_cast<std::uint32_t>(out.rows), combine(epoch_seed, 2));
  std::vector<float> batch;
  Activations activations;
  Gradients gradients;
  double loss = 0;
  for (std::size_t first = 0; first < longer; first += static_cast<std::size_t>(options.batch)) {
    const std::size_t each = std::min(static_cast<std::size_t>(options.batch), longer - first);
    batch.resize(2 * each * dimension);
    for (std::size_t i = 0; i < each; ++i) {
      const auto clean = in.row(in_order[(first + i) % in.rows]);
      const auto challenged = out.row(out_order[(first + i) % out.rows]);
      std::copy(clean.begin(), clean.end(), batch.data() + i * dimension);
      std::copy(challenged.begin(), challenged.end(), batch.data() + (each + i) * dimension);
    }
    network.forward(batch.data(), dimension, 2 * each, activations);
    std::vector<float> delta(2 * each);
    for (std::size_t i = 0; i < 2 * each; ++i) {
      const bool is_in = i < each;
      const double logit = activations.back()[i];
      loss += binary_cross_entropy(logit, is_in) / static_cast<double>(2 * longer);
      delta[i] =
          static_cast<float>((sigmoid(logit) - (is_in ? 1 : 0)) / static_cast<double>(2 * each));
    }
    network.backward(batch.data(), dimension, 2 * each, activations, std::move(delta), gradients);
    adam.step(network.layers(), gradients);
  }
  return loss;
}

}  // namespace

void ClassifierOptions::validate() const {
  if (epochs < 1 || batch < 1 || !(learning_rate > 0) || !std::isfinite(learning_rate)) {
    throw InvalidArgument(
        fmt::format("classifier: epochs {}, batch {} and learning rate {} must all be over zero",
                    epochs, batch, learning_rate));
  }
}

FeatureView view(const FeatureSet& set, std::size_t begin, std::size_t end) {
  if (begin >= end || end > set.dimension()) {
    throw InvalidArgument(fmt::format("features: columns {} to {} of a set that has {}", begin, end,
                                      set.dimension()));
  }
  if (set.size() == 0) {
    return {nullptr, 0, end - begin, set.dimension()};
  }
  set.verify();  // who looks through a view can't be told of damage
  RowPieces pieces;
  for (std::size_t i = 0; i < set.size(); i += set.rows_together(i)) {
    pieces.begins.push_back(i);
    pieces.values.push_back(set.row(i).data() + begin);
  }
  FeatureView all{pieces.values.front(), set.size(), end - begin, set.dimension()};
  if (pieces.begins.size() > 1) {
    all.pieces = std::make_shared<const RowPieces>(std::move(pieces));
  }
  return all;
}

FeatureView FeatureView::run(std::size_t first, std::size_t most) const {
  std::size_t end = rows;
  if (pieces) {
    const auto next = std::ranges::upper_bound(pieces->begins, first);
    end = next == pieces->begins.end() ? rows : *next;
  }
  return {row(first).data(), std::min(most, end - first), dimension, stride};
}

const float* FeatureView::in_piece(std::size_t i) const {
  const auto next = std::ranges::upper_bound(pieces->begins, i);
  const auto piece = static_cast<std::size_t>(next - pieces->begins.begin()) - 1;
  return pieces->values[piece] + (i - pieces->begins[piece]) * stride;
}

Classifier::Classifier(const TensorMap& weights)
    : network_(std::make_shared<const Perceptron>(weights)) {}

std::size_t Classifier::dimension() const {
  return network_->dimension();
}

TensorMap Classifier::weights() const {
  return network_->tensors();
}

void Classifier::logits_into(const FeatureView& features, ScoreMemory& memory,
                             std::span<double> logits) const {
  if (features.dimension != dimension()) {
    throw InvalidArgument(fmt::format("classifier: {} features an image, wanted {}",
                                      features.dimension, dimension()));
  }
  for (std::size_t first = 0; first < features.rows;) {
    const FeatureView run = features.run(first, kChunkRows);
    network_->forward(run.values, run.stride, run.rows, memory.activations);
    for (std::size_t row = 0; row < run.rows; ++row) {
      logits[first + row] = -static_cast<double>(memory.activations.back()[row]);
    }
    first += run.rows;
  }
}

void Classifier::score_into(const FeatureView& features, ScoreMemory& memory,
                            std::span<double> scores) const {
  logits_into(features, memory, scores);
  std::ranges::transform(scores, scores.begin(), sigmoid);
}

std::vector<double> Classifier::logits(const FeatureView& features) const {
  ScoreMemory memory;
  std::vector<double> logits(features.rows);
  logits_into(features, memory, logits);
  return logits;
}

std::vector<double> Classifier::score(const FeatureView& features) const {
  ScoreMemory memory;
  std::vector<double> scores(features.rows);
  score_into(features, memory, scores);
  return scores;
}

Classifier train_classifier(const FeatureView& in, const FeatureView& out,
                            const FeatureView& validation_in, const FeatureView& validation_out,
                            const ClassifierOptions& options,
                            const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  options.validate();
  require_features(in, in.dimension, "clean training");
  require_features(out, in.dimension, "challenged training");
  require_features(validation_in, in.dimension, "clean validation");
  require_features(validation_out, in.dimension, "challenged validation");

  Perceptron network(in.dimension, options.seed);
  Perceptron best = network;
  double least_loss = std::numeric_limits<double>::infinity();
  Adam adam(network.layers(), options.learning_rate);
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    const std::uint64_t epoch_seed = combine(options.seed, static_cast<std::uint64_t>(epoch));
    ClassifierEpoch record;
    record.epoch = epoch;
    record.train_loss = train_epoch(network, adam, in, out, options, epoch_seed);
    record.validation_loss =
        (mean_loss(network, validation_in, true) + mean_loss(network, validation_out, false)) / 2;
    if (record.validation_loss < least_loss) {
      least_loss = record.validation_loss;
      best = network;
    }
    if (on_epoch) {
      on_epoch(record);
    }
  }
  return Classifier(best.tensors());
}

}  // namespace gradspace
