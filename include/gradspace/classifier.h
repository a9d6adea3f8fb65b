// The paper's detector: a small network on features, trained on clean images against one challenge.
//
// Linear D-40, ReLU, Linear 40-20, ReLU, Linear 20-1, sigmoid = P(in-distribution).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "gradspace/feature_set.h"
#include "gradspace/tensor.h"

namespace gradspace {

struct ClassifierOptions {
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

/// Rows of features, viewed: [rows, dimension], rows `stride` floats apart.
struct FeatureView {
  const float* values = nullptr;
  std::size_t rows = 0;
  std::size_t dimension = 0;
  std::size_t stride = 0;

  std::span<const float> row(std::size_t i) const { return {values + i * stride, dimension}; }
};

/// The columns [begin, end) of a whole set.
FeatureView view(const FeatureSet& set, std::size_t begin, std::size_t end);

class Classifier {
 public:
  /// Throws InvalidArgument when shapes do not chain or a weight is not finite.
  explicit Classifier(TensorMap weights);

  std::size_t dimension() const;
  const TensorMap& weights() const;

  /// P(out of distribution) = 1 - P(in) for each row. Thread-safe.
  std::vector<double> score(const FeatureView& features) const;

 private:
  TensorMap weights_;
};

/// Trains; keeps the epoch with the least validation loss. The shorter training set is cycled. A
/// last short batch is a short batch. Throws InvalidArgument when a set is empty, dimensions differ,
/// or a feature is not finite.
Classifier train_classifier(const FeatureView& in, const FeatureView& out,
                            const FeatureView& validation_in, const FeatureView& validation_out,
                            const ClassifierOptions& options,
                            const std::function<void(const ClassifierEpoch&)>& on_epoch = {});

/// What `fit` writes and `evaluate` and `score` read: a detector with all it needs to be used right.
struct Detector {
  std::string method = "classifier";
  TensorMap weights;
  std::vector<FeatureBlock> columns;  ///< features it wants, columns from 0
  std::string model_sha256;           ///< of the model whose features it was trained on
  double threshold = 0.5;             ///< OOD where score > threshold
  std::map<std::string, std::string> metadata;
};

Detector read_detector(const std::filesystem::path& path);
void write_detector(const std::filesystem::path& path, const Detector& detector);

}  // namespace gradspace
