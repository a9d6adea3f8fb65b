// The paper's detector: a small network on features, trained on clean images against one challenge.
//
// Linear D-40, ReLU, Linear 40-20, ReLU, Linear 20-1, sigmoid = P(in-distribution).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/feature_set.h"
#include "gradspace/tensor.h"

namespace gradspace {

struct GRADSPACE_API ClassifierOptions {
  int epochs = 200;             ///< passes over the longer set (paper's code: 200)
  int batch = 64;               ///< images of each class a step: 64 in + 64 out
  double learning_rate = 1e-3;  ///< Adam, betas 0.9 and 0.999
  std::uint64_t seed = 0;       ///< initialisation and order

  void validate() const;
};

struct ClassifierEpoch {
  int epoch = 0;  ///< from 1
  double train_loss = 0;
  double validation_loss = 0;
};

/// Where rows lie that are in several pieces of memory, as those of a set of parts are.
struct RowPieces {
  std::vector<std::size_t> begins;   ///< first row of each piece, from 0 on, rising
  std::vector<const float*> values;  ///< where its first row begins
};

/// Rows of features, viewed: [rows, dimension], rows `stride` floats apart; in several pieces of memory where
/// `pieces` are given, within each of which they lie so.
struct GRADSPACE_API FeatureView {
  const float* values = nullptr;  ///< of the first row
  std::size_t rows = 0;
  std::size_t dimension = 0;
  std::size_t stride = 0;
  std::shared_ptr<const RowPieces> pieces = {};

  std::span<const float> row(std::size_t i) const {
    return {pieces ? in_piece(i) : values + i * stride, dimension};
  }
  /// The rows from `first` on, `most` of them, or fewer where the piece of memory or the view ends before.
  FeatureView run(std::size_t first, std::size_t most) const;

 private:
  const float* in_piece(std::size_t i) const;
};

class Perceptron;

/// The columns [begin, end) of a whole set.
GRADSPACE_API FeatureView view(const FeatureSet& set, std::size_t begin, std::size_t end);

struct ScoreMemory;  // one_class.h

/// Cheap to copy. Thread-safe.
class GRADSPACE_API Classifier {
 public:
  /// Throws InvalidArgument when shapes do not chain or a weight is not finite.
  explicit Classifier(const TensorMap& weights);

  std::size_t dimension() const;
  TensorMap weights() const;

  /// P(out of distribution) = 1 - P(in) for each row.
  std::vector<double> score(const FeatureView& features) const;
  /// The logit of that, log(P / (1 - P)), for each row.
  std::vector<double> logits(const FeatureView& features) const;
  /// The same into an array, one for each row, in memory that is kept.
  void score_into(const FeatureView& features, ScoreMemory& memory, std::span<double> scores) const;
  void logits_into(const FeatureView& features, ScoreMemory& memory,
                   std::span<double> logits) const;

 private:
  std::shared_ptr<const Perceptron> network_;
};

/// Trains; keeps the epoch with the least validation loss. The shorter training set is cycled. A
/// last short batch is a short batch. Throws InvalidArgument when a set is empty, dimensions
/// differ, or a feature is not finite.
GRADSPACE_API Classifier
train_classifier(const FeatureView& in, const FeatureView& out, const FeatureView& validation_in,
                 const FeatureView& validation_out, const ClassifierOptions& options,
                 const std::function<void(const ClassifierEpoch&)>& on_epoch = {});

}  // namespace gradspace
