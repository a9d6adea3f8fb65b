// Softmax regression: a linear classifier of several classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradspace/tensor.h"

namespace gradspace::monitor {

/// Rows of numbers with their classes.
struct ClassRows {
  std::size_t columns = 0;
  std::vector<float> values;
  std::vector<std::uint32_t> labels;

  std::size_t count() const { return labels.size(); }
  std::span<const float> row(std::size_t i) const {
    return std::span(values).subspan(i * columns, columns);
  }
  void add(std::span<const float> row, std::uint32_t label);
};

/// Thread-safe.
class Softmax {
 public:
  /// Numbers are standardised, and cut to ten deviations. `use` says which rows are learned from; no rows of a class
  /// are allowed.
  static Softmax fit(const ClassRows& rows, std::size_t classes, const std::vector<bool>& use);
  /// From "PREFIX.weight" and so on. Throws InvalidArgument when tensors are missing, do not fit together or are not
  /// finite.
  static Softmax load(const TensorMap& tensors, const std::string& prefix);
  void store(TensorMap& tensors, const std::string& prefix) const;

  std::size_t columns() const { return mean_.size(); }
  std::size_t classes() const { return bias_.size(); }

  /// One a class; they add up to 1. Throws InvalidArgument for another number of values.
  std::vector<double> probabilities(std::span<const float> row) const;

 private:
  void standardise(std::span<const float> row, std::span<float> out) const;
  void learn_scale(const ClassRows& rows, const std::vector<bool>& use);

  std::vector<float> mean_;
  std::vector<float> deviation_;
  std::vector<float> weight_;  ///< [classes, columns]
  std::vector<float> bias_;
};

}  // namespace gradspace::monitor
